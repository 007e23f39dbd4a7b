//! Settings written into the file's text: what they don't touch stays as it is.

use daypass_domain::{
    failure::Code,
    ids::Region,
    settings::{ScreenLock, Settings, Way},
    time::Seconds,
};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::TEMPLATE;

/// The file's text with these settings in it; comments and what is unknown stay.
pub(in crate::settings) fn write(before: &str, settings: &Settings) -> Result<String, Code> {
    let template = || TEMPLATE.parse::<DocumentMut>().map_err(|_| Code::Internal);
    let mut document = before.parse::<DocumentMut>().or_else(|_| template())?;
    let words = |text: Option<&str>| Value::from(text.unwrap_or_default());
    let root = document.as_table_mut();
    set(root, "terminal", words(settings.terminal.as_deref()));
    set(root, "browser", words(settings.browser.as_deref()));
    set(root, "duration", compact(settings.duration).into());
    set(root, "region", words(settings.region.as_ref().map(Region::as_str)));
    let favourites =
        settings.favourites.iter().map(|r| format!("{}/{}@{}", r.sso_session, r.role, r.account));
    set(root, "favourites", Value::Array(favourites.collect::<Array>()));

    let clearing = root.entry("clearing").or_insert(Item::Table(Table::new()));
    if let Some(clearing) = clearing.as_table_mut() {
        set(clearing, "sleep", settings.clearing.sleep.into());
        set(clearing, "user-switch", settings.clearing.user_switch.into());
        let lock = match settings.clearing.screen_lock {
            ScreenLock::AtOnce => "at-once",
            ScreenLock::AfterFiveMinutes => "after-5-minutes",
            ScreenLock::Never => "never",
        };
        set(clearing, "screen-lock", lock.into());
    }

    parts(
        root,
        "sso-session",
        "name",
        settings.sso_sessions.iter().map(|sso| {
            let place = sso.place.as_ref();
            let way = if sso.way == Way::DeviceCode { "device-code" } else { "browser" };
            vec![
                ("name", Some(sso.name.as_str().into())),
                ("start-url", place.map(|p| p.start_url.as_str().into())),
                ("region", place.map(|p| p.region.as_str().into())),
                ("colour", word(sso.colour)),
                ("sign-in", Some(way.into())),
                ("keep-signed-in", Some(sso.keep_signed_in.into())),
            ]
        }),
    );
    parts(
        root,
        "account",
        "pattern",
        settings.accounts.iter().map(|rule| {
            vec![
                ("pattern", Some(rule.pattern.as_str().into())),
                ("environment", word(rule.environment)),
                ("colour", word(rule.colour)),
                ("duration", rule.duration.map(|d| compact(d).into())),
                ("region", rule.region.as_ref().map(|r| r.as_str().into())),
            ]
        }),
    );
    Ok(document.to_string())
}

/// Sets a value and leaves the comment behind it where it is.
fn set(table: &mut Table, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(table.insert(key, value(new))),
    }
}

/// Writes the parts of one kind in order; one that was there, by its `id`, keeps its comments.
fn parts<'a>(
    root: &mut Table,
    kind: &str,
    id: &str,
    wanted: impl Iterator<Item = Vec<(&'a str, Option<Value>)>>,
) {
    let before = root.remove(kind).and_then(|item| item.into_array_of_tables().ok()).unwrap_or_default();
    let mut after = ArrayOfTables::new();
    for fields in wanted {
        let name = fields.iter().find(|(key, _)| *key == id).and_then(|(_, v)| v.as_ref()?.as_str());
        let same = |t: &&Table| t.get(id).and_then(Item::as_str) == name;
        let mut table = before.iter().find(same).cloned().unwrap_or_default();
        table.set_position(None);
        for (key, value) in fields {
            match value {
                Some(value) => set(&mut table, key, value),
                None => drop(table.remove(key)),
            }
        }
        after.push(table);
    }
    if !after.is_empty() {
        root.insert(kind, Item::ArrayOfTables(after));
    }
}

/// The name serde gives a plain choice.
fn word<T: serde::Serialize>(choice: Option<T>) -> Option<Value> {
    let name = serde_json::to_value(choice?).ok()?;
    Some(name.as_str()?.into())
}

fn compact(length: Seconds) -> String {
    let parts = [(length.0 / 3600, "h"), (length.0 % 3600 / 60, "m"), (length.0 % 60, "s")];
    let text: String = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}
