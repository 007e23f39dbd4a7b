//! The settings as they stand in the file: read leniently, written into what is there.

mod chained;
mod desktop;
mod write;

use daypass_domain::{
    catalog::Environment,
    chain::Known,
    ids::{AccountId, Region, RoleName, RoleRef, SsoSessionName},
    settings::{AccountRule, Colour, Settings, SsoPlace, SsoSettings, Way},
    sso::StartUrl,
    time::Seconds,
};
use serde::{Deserialize, Deserializer, de};

pub(crate) use chained::ChainedForm;
use desktop::{ClearingForm, MemoryForm, NotificationsForm};
pub(super) use write::write;

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
    notifications: NotificationsForm,
    start_at_login: Option<bool>,
    prompt: Option<bool>,
    sso_session: Vec<SsoForm>,
    account: Vec<AccountForm>,
    #[serde(deserialize_with = "seconds")]
    chained_credentials: Option<Seconds>,
    #[serde(deserialize_with = "text")]
    organisation_file: Option<String>,
    chained_role: Vec<ChainedForm>,
    memory: MemoryForm,
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
pub(crate) struct AccountForm {
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

impl AccountForm {
    pub(crate) fn rule(self) -> AccountRule {
        let Self { pattern, environment, colour, duration, region } = self;
        AccountRule { pattern, environment, colour, duration, region }
    }
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

pub(crate) fn parsed<'de, D: Deserializer<'de>, T: TryFrom<String>>(from: D) -> Result<Option<T>, D::Error>
where
    T::Error: std::fmt::Display,
{
    text(from)?.map(|t| T::try_from(t).map_err(de::Error::custom)).transpose()
}

pub(crate) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Seconds>, D::Error> {
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

pub(crate) fn at(text: &str, error: &toml_edit::de::Error) -> String {
    let before = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = 1 + text.bytes().take(before).filter(|&b| b == b'\n').count();
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
    Ok(Settings {
        sso_sessions,
        terminal: form.terminal,
        browser: form.browser,
        duration: form.duration.unwrap_or(Settings::default().duration),
        region: form.region,
        accounts: form.account.into_iter().map(AccountForm::rule).collect(),
        favourites: form.favourites.into_iter().map(|f| f.0).collect(),
        chained_roles: form.chained_role.into_iter().map(|role| role.known(Known::Settings)).collect(),
        chained_credentials: form.chained_credentials.unwrap_or(Settings::default().chained_credentials),
        organisation_file: form.organisation_file,
        clearing: form.clearing.into(),
        notifications: form.notifications.into(),
        start_at_login: form.start_at_login.unwrap_or(Settings::default().start_at_login),
        prompt: form.prompt.unwrap_or(Settings::default().prompt),
        memory: form.memory.into(),
    })
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use daypass_domain::{
        chain::ChainedRole,
        settings::{Memory, QuietHours, ScreenLock},
    };

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
        settings.chained_roles.push(ChainedRole {
            name: "Scoped".to_owned(),
            arn: "arn:{partition}:iam::{account}:role/Scoped".to_owned(),
            external_id: Some("acme-2026".parse().unwrap()),
            from_role: "Dev*".to_owned(),
            from_account: "*".to_owned(),
            takes_tags: true,
            takes_source_identity: false,
            source: Known::Settings,
        });
        settings.chained_credentials = Seconds::minutes(45);
        settings.organisation_file = Some("/srv/acme.toml".to_owned());
        settings.clearing.screen_lock = ScreenLock::Never;
        settings.clearing.idle = Some(Seconds::minutes(90));
        settings.memory = Memory::Secret;
        settings.notifications.before_15_minutes = false;
        let at = |text: &str| text.parse().unwrap();
        settings.notifications.quiet = Some(QuietHours { from: at("22:00"), to: at("07:00") });
        (settings.start_at_login, settings.prompt) = (true, false);
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
        assert_eq!(settings.chained_roles.len(), 1);
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
    fn what_is_set_holds_however_the_file_says_it() {
        for before in
            ["clearing = { sleep = false } # short", "clearing.sleep = false", "clearing = 1", "[[clearing]]"]
        {
            let text = write(before, &settings()).unwrap();
            assert_eq!(read(&text).ok().unwrap().settings, settings(), "{text}");
        }
    }

    #[test]
    fn parts_of_the_same_name_and_lists_keep_their_own_comments() {
        let before = "favourites = [\n  # first\n  'a/Admin@111122223333', # mine\n]\n\n# one\n[[account]]\npattern = \"*\"\n\n\
                      # two\n[[account]]\npattern = \"*\"\n[account.later]\nx = 1 # y\n";
        let after = write(before, &read(before).ok().unwrap().settings).unwrap();
        for kept in ["# first", "'a/Admin@111122223333', # mine", "# one", "# two", "x = 1 # y"] {
            assert_eq!(after.matches(kept).count(), 1, "{kept} in\n{after}");
        }
        assert_eq!(read(&after).ok().unwrap().unknown, ["account.1.later"]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, line) in [
            ("duration = \"1h\"\nregion = \"Ireland\"", "line 2"),
            ("duration = \"soon\"", "line 1"),
            ("duration = ", "line 1"),
            ("duration = \"1h\"\n= 2", "line 2"),
            ("[[sso-session]]\nname = \"a\"\nstart-url = \"http://acme.example\"", "line 3"),
        ] {
            let mistake = read(text).err().unwrap();
            assert!(mistake.starts_with(line), "{mistake}");
        }
        assert!(read("[[sso-session]]\nname = \"a\"\nregion = \"eu-west-1\"").is_err());
        assert!(read("duration = \"13h\"").is_err());
        assert!(read("chained-credentials = \"10m\"").is_err());
        assert!(read("[[chained-role]]\nname = \"a\"\narn = \"Scoped\"").is_err());
    }
}
