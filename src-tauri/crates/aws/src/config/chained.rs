//! Chained roles of the AWS config file: profiles with a `role_arn` whose source is a role of the portal.

use aws_config::profile::ProfileSet;
use daypass_domain::{
    chain::{ChainedRole, ExternalId, Known, RoleArn},
    ids::{AccountId, RoleName},
};

/// Where a profile may get its credentials from, besides the portal: no chain of ours.
const OTHER_SOURCES: [&str; 3] = ["credential_source", "credential_process", "web_identity_token_file"];

/// Each once, by name. A role that is reached through another chained role is left out: its way has no one source.
pub(super) fn read(sections: &ProfileSet) -> Vec<ChainedRole> {
    let mut names: Vec<_> = sections.profiles().collect();
    names.sort_unstable();
    let mut found: Vec<ChainedRole> = Vec::new();
    for role in names.into_iter().filter_map(|name| chained_role(sections, name)) {
        let is_same = |known: &ChainedRole| {
            (&known.arn, &known.from_role, &known.from_account, &known.external_id)
                == (&role.arn, &role.from_role, &role.from_account, &role.external_id)
        };
        if !found.iter().any(is_same) {
            found.push(role);
        }
    }
    found
}

fn chained_role(sections: &ProfileSet, name: &str) -> Option<ChainedRole> {
    let profile = sections.get_profile(name)?;
    let arn = profile.get("role_arn")?.trim().parse::<RoleArn>().ok()?;
    let source_name = profile.get("source_profile").map_or(name, str::trim);
    let source = sections.get_profile(source_name)?;
    let is_chained = source_name != name && source.get("role_arn").is_some();
    if is_chained || OTHER_SOURCES.iter().any(|other| profile.get(other).is_some()) {
        return None;
    }
    let account = source.get("sso_account_id")?.trim().parse::<AccountId>().ok()?;
    let role = source.get("sso_role_name")?.trim().parse::<RoleName>().ok()?;
    // Without the one it asks for, the role lets nobody in.
    let external_id = match profile.get("external_id") {
        Some(id) => Some(id.trim().parse::<ExternalId>().ok()?),
        None => None,
    };
    Some(ChainedRole {
        name: name.chars().filter(|c| !c.is_control()).take(128).collect(),
        arn: arn.into(),
        external_id,
        from_role: role.into(),
        from_account: account.into(),
        // The file does not say.
        takes_tags: false,
        takes_source_identity: false,
        source: Known::Config,
    })
}

#[cfg(test)]
mod tests {
    use daypass_domain::{ids::RoleRef, settings::Settings};
    use proptest::prelude::*;

    use super::super::tests::configured;

    const FULL: &str = "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n\
        [profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Developer\n\
        [profile audit] # ours\nrole_arn = arn:aws:iam::444455556666:role/team/Audit\nsource_profile = dev\n\
        external_id = acme:2026\nmfa_serial = arn:aws:iam::444455556666:mfa/dana\n\
        [profile again]\nrole_arn = arn:aws:iam::444455556666:role/team/Audit\nsource_profile = dev\nexternal_id = acme:2026\n\
        [profile self]\nrole_arn = arn:aws:iam::111122223333:role/Self\nsso_session = corp\n\
        sso_account_id = 111122223333\nsso_role_name = Developer\n\
        [profile far]\nrole_arn = arn:aws:iam::111122223333:role/Far\nsource_profile = audit\n\
        [profile lost]\nrole_arn = arn:aws:iam::111122223333:role/Lost\nsource_profile = nobody\n\
        [profile keys]\naws_access_key_id = AKIA\n[profile user]\nrole_arn = arn:aws:iam::111122223333:role/User\nsource_profile = keys\n\
        [profile odd]\nrole_arn = nonsense\nsource_profile = dev\n[profile ec2]\nrole_arn = arn:aws:iam::111122223333:role/E\n\
        source_profile = dev\ncredential_source = Ec2InstanceMetadata\n\
        [profile id]\nrole_arn = arn:aws:iam::111122223333:role/Id\nsource_profile = dev\nexternal_id = x\n";

    #[tokio::test]
    async fn a_profile_that_assumes_a_role_from_one_of_the_portal_is_a_chained_role() {
        let found = configured(FULL).await.chained_roles;
        let shown: Vec<_> =
            found.iter().map(|r| (r.name.as_str(), r.arn.rsplit('/').next().unwrap())).collect();
        assert_eq!(shown, [("again", "Audit"), ("self", "Self")], "each once, and nothing that is none");
        let audit = &found[0];
        assert_eq!(audit.external_id.as_ref().unwrap().as_str(), "acme:2026");
        let role = |account: &str, role: &str| RoleRef {
            sso_session: "corp".parse().unwrap(),
            account: account.parse().unwrap(),
            role: role.parse().unwrap(),
        };
        assert!(audit.for_role(&role("111122223333", "Developer"), "any", "aws").is_some());
        assert_eq!(audit.for_role(&role("111122223333", "Admin"), "any", "aws"), None);
        assert_eq!(audit.for_role(&role("444455556666", "Developer"), "any", "aws"), None);
    }

    #[test]
    fn whatever_the_file_says_what_comes_out_could_be_a_setting() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        daypass_mutants::check(400, daypass_mutants::of_text(FULL), |text| {
            let chained_roles = runtime.block_on(configured(&text)).chained_roles;
            let names: std::collections::BTreeSet<_> = chained_roles.iter().map(|r| &r.name).collect();
            prop_assert_eq!(names.len(), chained_roles.len());
            let settings = Settings { chained_roles, ..Settings::default() };
            prop_assert_eq!(settings.check(), Ok(()));
            Ok(())
        });
    }
}
