//! Settings written into the file's text: what they don't touch stays as it is.

use std::collections::BTreeSet;

use daypass_domain::{
    failure::Code,
    ids::Region,
    settings::{Memory, ScreenLock, Settings, Way},
    time::Seconds,
};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};

use super::{TEMPLATE, favourite};

/// What may stand in a part and say nothing.
const BLANK: [&str; 4] = ["start-url", "region", "duration", "external-id"];

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
    favourites(root, settings);

    set(root, "start-at-login", settings.start_at_login.into());
    set(root, "prompt", settings.prompt.into());
    set(root, "chained-credentials", compact(settings.chained_credentials).into());
    set(root, "organisation-file", words(settings.organisation_file.as_deref()));

    let memory = if settings.memory == Memory::Secret { "secret" } else { "locked" };
    set(root, "memory", memory.into());

    let clearing = settings.clearing;
    let lock = match clearing.screen_lock {
        ScreenLock::AtOnce => "at-once",
        ScreenLock::AfterFiveMinutes => "after-5-minutes",
        ScreenLock::Never => "never",
    };
    part(
        root,
        "clearing",
        [
            ("sleep", clearing.sleep.into()),
            ("user-switch", clearing.user_switch.into()),
            ("screen-lock", lock.into()),
            ("idle", clearing.idle.map(compact).unwrap_or_default().into()),
        ],
    );
    let told = &settings.notifications;
    let quiet = told.quiet.map(|quiet| format!("{}-{}", quiet.from, quiet.to)).unwrap_or_default();
    part(
        root,
        "notifications",
        [
            ("before-15-minutes", told.before_15_minutes.into()),
            ("before-5-minutes", told.before_5_minutes.into()),
            ("before-1-minute", told.before_1_minute.into()),
            ("at-end", told.at_end.into()),
            ("trouble", told.trouble.into()),
            ("quiet-hours", quiet.into()),
        ],
    );

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
    parts(
        root,
        "chained-role",
        "name",
        settings.chained_roles.iter().map(|role| {
            vec![
                ("name", Some(role.name.as_str().into())),
                ("arn", Some(role.arn.as_str().into())),
                ("external-id", role.external_id.as_ref().map(|id| id.as_str().into())),
                ("from-role", Some(role.from_role.as_str().into())),
                ("from-account", Some(role.from_account.as_str().into())),
                ("tags", Some(role.takes_tags.into())),
                ("source-identity", Some(role.takes_source_identity.into())),
            ]
        }),
    );
    Ok(document.to_string())
}

/// Adds and removes what changed; the rest of the list keeps its order and comments.
fn favourites(root: &mut Table, settings: &Settings) {
    if !root.get("favourites").is_some_and(Item::is_array) {
        root.insert("favourites", value(Array::new()));
    }
    let Some(list) = root.get_mut("favourites").and_then(Item::as_array_mut) else { return };
    let role = |item: &Value| item.as_str().and_then(favourite);
    list.retain(|item| role(item).is_some_and(|r| settings.favourites.contains(&r)));
    let listed: BTreeSet<_> = list.iter().filter_map(role).collect();
    for role in settings.favourites.difference(&listed) {
        list.push(format!("{}/{}@{}", role.sso_session, role.role, role.account));
    }
}

/// Sets the values of a part there is once.
fn part<const N: usize>(root: &mut Table, name: &str, values: [(&str, Value); N]) {
    let part = root.entry(name).or_insert(Item::None);
    if !part.is_table_like() {
        *part = Item::Table(Table::new());
    }
    if let Some(part) = part.as_table_like_mut() {
        for (key, value) in values {
            set(part, key, value);
        }
    }
}

/// Sets a value and leaves the comment behind it where it is; one that says the same stays as it is written.
fn set(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) if old.as_str() == new.as_str() && old.as_bool() == new.as_bool() => {}
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
    let mut before: Vec<Table> = before.into_iter().collect();
    let mut after = ArrayOfTables::new();
    for fields in wanted {
        let name = fields.iter().find(|(key, _)| *key == id).and_then(|(_, v)| v.as_ref()?.as_str());
        let same = before.iter().position(|t| t.get(id).and_then(Item::as_str) == name);
        let mut table = same.map(|at| before.remove(at)).unwrap_or_default();
        forget_place(&mut table);
        for (key, value) in fields {
            match value {
                Some(value) => set(&mut table, key, value),
                None if BLANK.contains(&key) && is_blank(table.get(key)) => {}
                None => drop(table.remove(key)),
            }
        }
        after.push(table);
    }
    if !after.is_empty() {
        root.insert(kind, Item::ArrayOfTables(after));
    }
}

/// A part that moves takes along what is in it.
fn forget_place(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => forget_place(inner),
            Item::ArrayOfTables(all) => all.iter_mut().for_each(forget_place),
            _ => {}
        }
    }
}

fn is_blank(item: Option<&Item>) -> bool {
    item.and_then(Item::as_str).is_some_and(|text| text.trim().is_empty())
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
