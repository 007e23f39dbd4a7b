//! The settings as they stand in the file: read leniently, written into what is there.

use daypass_domain::{
    catalog::Environment,
    failure::Code,
    ids::{AccountId, Region, RoleName, RoleRef, SsoSessionName},
    settings::{AccountRule, Clearing, Colour, ScreenLock, Settings, SsoPlace, SsoSettings, Way},
    sso::StartUrl,
    time::Seconds,
};
use serde::{Deserialize, Deserializer, de};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

/// The file that is written where there is none: every setting with what it is for.
pub(super) const TEMPLATE: &str = include_str!("settings.toml");

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Form {
    #[serde(deserialize_with = "text")]
    terminal: Option<String>,
    #[serde(deserialize_with = "text")]
    browser: Option<String>,
    #[serde(deserialize_with = "seconds")]
    duration: Option<Seconds>,
    #[serde(deserialize_with = "parsed")]
    region: Option<Region>,
    favourites: Vec<Favourite>,
    clearing: ClearingForm,
    sso_session: Vec<SsoForm>,
    account: Vec<AccountForm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct ClearingForm {
    sleep: bool,
    user_switch: bool,
    screen_lock: Lock,
}

impl Default for ClearingForm {
    fn default() -> Self {
        let set = Clearing::default();
        Self { sleep: set.sleep, user_switch: set.user_switch, screen_lock: Lock::After5Minutes }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Lock {
    AtOnce,
    #[serde(rename = "after-5-minutes")]
    After5Minutes,
    Never,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SsoForm {
    name: SsoSessionName,
    #[serde(default, deserialize_with = "parsed")]
    start_url: Option<StartUrl>,
    #[serde(default, deserialize_with = "parsed")]
    region: Option<Region>,
    #[serde(default)]
    colour: Option<Colour>,
    #[serde(default)]
    sign_in: WayForm,
    #[serde(default)]
    keep_signed_in: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WayForm {
    #[default]
    Browser,
    DeviceCode,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct AccountForm {
    pattern: String,
    #[serde(default)]
    environment: Option<Environment>,
    #[serde(default)]
    colour: Option<Colour>,
    #[serde(default, deserialize_with = "seconds")]
    duration: Option<Seconds>,
    #[serde(default, deserialize_with = "parsed")]
    region: Option<Region>,
}

struct Favourite(RoleRef);

impl<'de> Deserialize<'de> for Favourite {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        favourite(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom("it looks like SSO-SESSION/ROLE@ACCOUNT-ID"))
    }
}

/// A role's name has no `/` and no account's id an `@`: what is before may have both.
fn favourite(text: &str) -> Option<RoleRef> {
    let (rest, account) = text.rsplit_once('@')?;
    let (sso_session, role) = rest.rsplit_once('/')?;
    Some(RoleRef {
        sso_session: sso_session.parse().ok()?,
        account: account.parse::<AccountId>().ok()?,
        role: role.parse::<RoleName>().ok()?,
    })
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Some(String::deserialize(from)?).filter(|t| !t.trim().is_empty()))
}

fn parsed<'de, D: Deserializer<'de>, T: TryFrom<String>>(from: D) -> Result<Option<T>, D::Error>
where
    T::Error: std::fmt::Display,
{
    text(from)?.map(|t| T::try_from(t).map_err(de::Error::custom)).transpose()
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Seconds>, D::Error> {
    let read = |t: String| Seconds::parse(&t).ok_or_else(|| de::Error::custom("it looks like 15m or 1h30m"));
    text(from)?.map(read).transpose()
}

/// What was read, and the settings in it that nobody knows.
pub(super) struct Read {
    pub(super) settings: Settings,
    pub(super) unknown: Vec<String>,
}

/// Reads the file's text.
///
/// # Errors
/// Where it goes wrong, for the log.
pub(super) fn read(text: &str) -> Result<Read, String> {
    let mut unknown = Vec::new();
    let document = toml_edit::de::Deserializer::parse(text).map_err(|e| at(text, &e))?;
    let form: Form = serde_ignored::deserialize(document, |path| unknown.push(path.to_string()))
        .map_err(|e| at(text, &e))?;
    let settings = settings(form)?;
    settings.check().map_err(|code| daypass_domain::failure::Failure::from(code).fact)?;
    Ok(Read { settings, unknown })
}

fn at(text: &str, error: &toml_edit::de::Error) -> String {
    let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
    format!("line {line}: {}", error.message())
}

fn settings(form: Form) -> Result<Settings, String> {
    let mut sso_sessions = Vec::new();
    for sso in form.sso_session {
        let place = match (sso.start_url, sso.region) {
            (Some(start_url), Some(region)) => Some(SsoPlace { start_url, region }),
            (None, None) => None,
            _ => return Err("an sso-session has a start-url and a region, or neither".to_owned()),
        };
        let way = match sso.sign_in {
            WayForm::Browser => Way::Browser,
            WayForm::DeviceCode => Way::DeviceCode,
        };
        let SsoForm { name, colour, keep_signed_in, .. } = sso;
        sso_sessions.push(SsoSettings { name, place, colour, keep_signed_in, way });
    }
    let rule = |a: AccountForm| {
        let AccountForm { pattern, environment, colour, duration, region } = a;
        AccountRule { pattern, environment, colour, duration, region }
    };
    Ok(Settings {
        sso_sessions,
        terminal: form.terminal,
        browser: form.browser,
        duration: form.duration.unwrap_or(Settings::default().duration),
        region: form.region,
        accounts: form.account.into_iter().map(rule).collect(),
        favourites: form.favourites.into_iter().map(|f| f.0).collect(),
        clearing: Clearing {
            sleep: form.clearing.sleep,
            user_switch: form.clearing.user_switch,
            screen_lock: match form.clearing.screen_lock {
                Lock::AtOnce => ScreenLock::AtOnce,
                Lock::After5Minutes => ScreenLock::AfterFiveMinutes,
                Lock::Never => ScreenLock::Never,
            },
        },
    })
}

/// The file's text with these settings in it; comments and what is unknown stay.
pub(super) fn write(before: &str, settings: &Settings) -> Result<String, Code> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut settings = Settings {
            terminal: Some("kitty \"%s\"".to_owned()),
            duration: Seconds(5400),
            region: Some("eu-west-1".parse().unwrap()),
            ..Settings::default()
        };
        let sso = settings.sso_mut(&"a/b @c".parse().unwrap());
        sso.place = Some(SsoPlace {
            start_url: StartUrl::try_from("https://acme.awsapps.com/start".to_owned()).unwrap(),
            region: "us-gov-west-1".parse().unwrap(),
        });
        (sso.colour, sso.keep_signed_in, sso.way) = (Some(Colour::Teal), true, Way::DeviceCode);
        settings.favourites.insert(favourite("a/b @c/Admin@111122223333").unwrap());
        for pattern in ["*-prod", "1111*"] {
            let environment = Some(Environment::Production);
            settings.accounts.push(AccountRule {
                pattern: pattern.to_owned(),
                environment,
                ..AccountRule::default()
            });
        }
        settings.clearing.screen_lock = ScreenLock::Never;
        settings
    }

    #[test]
    fn the_template_says_what_holds_anyway() {
        let Read { settings, unknown } = read(TEMPLATE).ok().unwrap();
        assert_eq!((settings, unknown.len()), (Settings::default(), 0));
        assert_eq!(write(TEMPLATE, &Settings::default()).unwrap(), TEMPLATE);
        let uncommented: String = TEMPLATE
            .lines()
            .map(|l| l.strip_prefix("# ").filter(|l| l.contains(" = ") || l.starts_with('[')).unwrap_or(l))
            .collect::<Vec<_>>()
            .join("\n");
        let Read { settings, unknown } = read(&uncommented).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((settings.sso_sessions.len(), settings.accounts.len(), unknown.len()), (1, 1, 0));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for before in [TEMPLATE, "", "[[account]]\npattern = 'old'\n", "not = = toml"] {
            let text = write(before, &settings()).unwrap();
            assert_eq!(read(&text).unwrap_or_else(|e| panic!("{e}\n{text}")).settings, settings());
            assert_eq!(write(&text, &settings()).unwrap(), text, "written twice it stays the same");
        }
    }

    #[test]
    fn comments_and_what_is_unknown_stay() {
        let before = "# mine\nduration = \"1h\" # long enough\nfuture = 1\n\n# the big ones\n[[account]]\n\
                      pattern = \"*-prod\" # all of them\nnote = \"x\"\n";
        let after = write(before, &settings()).unwrap();
        for kept in
            ["# mine", "\"1h30m\" # long enough", "future = 1", "# the big ones", "# all of them", "note"]
        {
            assert!(after.contains(kept), "{kept} in\n{after}");
        }
        assert_eq!(read(&after).ok().unwrap().unknown, ["future", "account.0.note"]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, line) in [
            ("duration = \"1h\"\nregion = \"Ireland\"", "line 2"),
            ("duration = \"soon\"", "line 1"),
            ("duration = ", "line 1"),
            ("[[sso-session]]\nname = \"a\"\nstart-url = \"http://acme.example\"", "line 3"),
        ] {
            let mistake = read(text).err().unwrap();
            assert!(mistake.starts_with(line), "{mistake}");
        }
        assert!(read("[[sso-session]]\nname = \"a\"\nregion = \"eu-west-1\"").is_err());
        assert!(read("duration = \"13h\"").is_err());
    }
}
