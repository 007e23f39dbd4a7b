//! The organisation's file as it is written: read strictly, for a rule with a misspelt name must not be no rule.

use daypass_domain::{
    chain::Known,
    failure::{Code, Failure},
    organisation::{Organisation, Rule},
    request::{LONGEST, SHORTEST},
    scope::preset::Preset,
    settings::Settings,
    time::Seconds,
};
use serde::Deserialize;

use crate::settings::form::{AccountForm, ChainedForm, at, seconds};

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Form {
    chained_role: Vec<ChainedForm>,
    preset: Vec<Preset>,
    rule: Vec<RuleForm>,
    account: Vec<AccountForm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RuleForm {
    role: String,
    account: String,
    #[serde(default, deserialize_with = "seconds")]
    longest: Option<Seconds>,
    #[serde(default)]
    reason_required: bool,
}

/// Reads the file's text.
///
/// # Errors
/// What is wrong, with its line or name, for the log.
pub(super) fn read(text: &str) -> Result<Organisation, String> {
    let mut unknown = Vec::new();
    let document = toml_edit::de::Deserializer::parse(text).map_err(|e| at(text, &e))?;
    let form: Form = serde_ignored::deserialize(document, |path| unknown.push(path.to_string()))
        .map_err(|e| at(text, &e))?;
    if let Some(unknown) = unknown.first() {
        return Err(format!("{unknown} is no setting of this file"));
    }
    if let Some(preset) = form.preset.iter().find(|preset| !preset.is_sound()) {
        let id = &preset.id;
        return Err(format!("preset {id} grants nothing, or names a blank that is none of its parameters"));
    }
    let rule = |rule: RuleForm| {
        let RuleForm { role, account, longest, reason_required } = rule;
        Rule { role, account, longest, reason_required }
    };
    let organisation = Organisation {
        chained_roles: form.chained_role.into_iter().map(|role| role.known(Known::Organisation)).collect(),
        presets: form.preset,
        rules: form.rule.into_iter().map(rule).collect(),
        accounts: form.account.into_iter().map(AccountForm::rule).collect(),
    };
    check(&organisation).map_err(|code| Failure::from(code).fact)?;
    Ok(organisation)
}

/// The same as of a person's settings.
fn check(organisation: &Organisation) -> Result<(), Code> {
    let is_allowed = |length: Seconds| (SHORTEST..=LONGEST).contains(&length);
    if !organisation.rules.iter().filter_map(|rule| rule.longest).all(is_allowed) {
        return Err(Code::DurationTooLong);
    }
    let settings = Settings {
        chained_roles: organisation.chained_roles.clone(),
        accounts: organisation.accounts.clone(),
        ..Settings::default()
    };
    settings.check()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../templates/organisation.toml");

    #[test]
    fn the_example_says_one_thing_of_each_kind() {
        let organisation = read(EXAMPLE).unwrap();
        assert_eq!(organisation.chained_roles[0].source, Known::Organisation);
        assert_eq!(organisation.presets[0].id, "replay-queue");
        assert_eq!(organisation.rules[0].longest, Some(Seconds::hours(1)));
        assert_eq!(organisation.accounts[0].pattern, "*-prod");
    }

    #[test]
    fn a_mistake_is_named_and_nothing_of_the_file_holds() {
        for (text, told) in [
            ("[[rule]]\nrole = '*'\naccount = '*'\nlongst = '1h'", "rule.0.longst"),
            ("[[rule]]\nrole = '*'\naccount = '*'\nlongest = 'soon'", "line 4"),
            ("[[rule]]\nrole = '*'\naccount = '*'\nlongest = '13h'", "12 h"),
            ("[[rule]]\nrole = '*'", "line 1"),
            ("[[chained-role]]\nname = 'a'\narn = 'b'", "ARN"),
            ("rules = 1", "rules"),
            ("[[account]]\npattern = ''", "pattern"),
        ] {
            let mistake = read(text).err().unwrap_or_default();
            assert!(mistake.contains(told), "{text}: {mistake}");
        }
        let unsound = EXAMPLE.replace("replay-{queue}", "replay-{bucket}");
        assert!(read(&unsound).err().unwrap().contains("replay-queue"));
        let misspelt = EXAMPLE.replace("kind = \"name\"", "sort = \"name\"");
        assert!(read(&misspelt).is_err());
    }

    #[test]
    fn whatever_stands_in_it_is_read_or_refused() {
        daypass_mutants::check(400, daypass_mutants::of_text(EXAMPLE), |text| {
            if let Ok(organisation) = read(&text) {
                proptest::prop_assert!(organisation.presets.iter().all(Preset::is_sound));
                proptest::prop_assert_eq!(check(&organisation), Ok(()));
            }
            Ok(())
        });
    }
}
