//! The page's types are made from ours, and committed: this fails when they drift.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet a test")]

use std::{collections::BTreeMap, fs, path::Path};

use daypass_domain::{
    catalog::RoleEntry,
    desktop::Wish,
    failure::Failure,
    request::{Answer, Intent},
    view::View,
};
use ts_rs::{Config, TS};

fn files(folder: &Path) -> BTreeMap<String, String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap())
        .map(|e| (e.file_name().into_string().unwrap(), fs::read_to_string(e.path()).unwrap()))
        .collect()
}

fn write(folder: &Path) {
    let config = Config::new().with_out_dir(folder);
    View::export_all(&config).unwrap();
    Intent::export_all(&config).unwrap();
    Answer::export_all(&config).unwrap();
    Failure::export_all(&config).unwrap();
    RoleEntry::export_all(&config).unwrap();
    Wish::export_all(&config).unwrap();
}

/// `UPDATE_BINDINGS=1 cargo test -p daypass-domain` writes them.
#[test]
fn the_pages_types_are_those_of_the_domain() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/ipc/bindings");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        fs::remove_dir_all(&committed).ok();
        write(&committed);
    }
    let fresh = tempfile::tempdir().unwrap();
    write(fresh.path());
    assert_eq!(files(&committed), files(fresh.path()), "run: UPDATE_BINDINGS=1 cargo test -p daypass-domain");
}
