//! A window with nothing but a field in it, to compare ours with, for `make bench`.

use std::{borrow::Cow, iter};

use tauri::{
    Assets, WebviewUrl, WebviewWindowBuilder, Wry,
    utils::assets::{AssetKey, AssetsIter, CspHash},
};

/// The text is there because a page without any is never painted.
const PAGE: &str = "<!doctype html><title>Empty</title><p>Empty</p><input>";

struct OnePage;

impl Assets<Wry> for OnePage {
    fn get(&self, _: &AssetKey) -> Option<Cow<'_, [u8]>> {
        Some(PAGE.as_bytes().into())
    }

    fn iter(&self) -> Box<AssetsIter<'_>> {
        Box::new(iter::empty())
    }

    fn csp_hashes(&self, _: &AssetKey) -> Box<dyn Iterator<Item = CspHash<'_>> + '_> {
        Box::new(iter::empty())
    }
}

fn main() -> tauri::Result<()> {
    let mut context = tauri::generate_context!();
    context.set_assets(Box::new(OnePage));
    tauri::Builder::default()
        .setup(|app| {
            // As large as ours.
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Empty")
                .inner_size(1040.0, 680.0)
                .build()?;
            Ok(())
        })
        .run(context)
}
