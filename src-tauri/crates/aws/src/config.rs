//! The AWS config file: which SSO sessions and chained roles a person already has. Read, never written.

mod chained;

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use daypass_domain::{
    chain::ChainedRole,
    ids::{Region, SsoSessionName},
    sso::{Endpoints, Source, SsoSession, StartUrl},
};

/// What is known from the file.
#[derive(Default)]
pub struct Configured {
    /// Also those of legacy profiles that carry `sso_start_url` themselves.
    pub sso_sessions: Vec<SsoSession>,
    pub chained_roles: Vec<ChainedRole>,
}

/// Reads `AWS_CONFIG_FILE`, else `~/.aws/config`. Entries that make no sense are left out; a file that can't be read is
/// as none.
pub async fn configured() -> Configured {
    let files = EnvConfigFiles::builder().include_default_config_file(true).build();
    read(&files).await
}

async fn read(files: &EnvConfigFiles) -> Configured {
    let parsed = match aws_runtime::env_config::source::load(&Env::real(), &Fs::real(), files).await {
        Ok(source) => ProfileSet::parse(source).ok(),
        Err(_) => None,
    };
    let Some(sections) = parsed else {
        tracing::warn!("the AWS config file could not be read");
        return Configured::default();
    };
    Configured { sso_sessions: sso_sessions(&sections), chained_roles: chained::read(&sections) }
}

fn sso_sessions(sections: &ProfileSet) -> Vec<SsoSession> {
    let mut found: Vec<SsoSession> = Vec::new();
    for name in sections.sso_sessions() {
        let Some(section) = sections.sso_session(name) else { continue };
        let (url, region) = (section.get("sso_start_url"), section.get("sso_region"));
        found.extend(sso_session(name, url, region));
    }
    for profile in sections.profiles().filter_map(|name| sections.get_profile(name)) {
        if profile.get("sso_session").is_some() {
            continue;
        }
        let (url, region) = (profile.get("sso_start_url"), profile.get("sso_region"));
        let label = url.and_then(|u| StartUrl::try_from(u.to_owned()).ok()).map(|u| u.label().to_owned());
        let Some(legacy) = label.and_then(|label| sso_session(&label, url, region)) else { continue };
        let is_known = |s: &SsoSession| s.start_url == legacy.start_url && s.region == legacy.region;
        if !found.iter().any(|s| is_known(s) || s.name == legacy.name) {
            found.push(legacy);
        }
    }
    found
}

fn sso_session(name: &str, start_url: Option<&str>, region: Option<&str>) -> Option<SsoSession> {
    Some(SsoSession {
        name: name.parse::<SsoSessionName>().ok()?,
        start_url: StartUrl::try_from(start_url?.to_owned()).ok()?,
        region: region?.trim().parse::<Region>().ok()?,
        source: Source::Config,
        endpoints: Endpoints::default(),
    })
}

#[cfg(test)]
mod tests {
    use aws_runtime::env_config::file::EnvConfigFileKind;
    use proptest::prelude::*;

    use super::*;

    pub(super) async fn configured(contents: &str) -> Configured {
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, contents).build();
        read(&files).await
    }

    async fn names(contents: &str) -> Vec<String> {
        let found = configured(contents).await.sso_sessions;
        let mut names: Vec<_> = found.into_iter().map(|s| s.name.to_string()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn sso_sessions_and_legacy_profiles_are_found_once() {
        let config = "
            [sso-session corp]
            sso_start_url = https://corp.awsapps.com/start
            sso_region = us-east-1
            [profile dev]
            sso_session = corp
            sso_account_id = 111122223333
            [profile old]
            sso_start_url = https://legacy.awsapps.com/start
            sso_region = eu-west-1
            [profile older]
            sso_start_url = https://legacy.awsapps.com/start
            sso_region = eu-west-1
        "
        .replace("            ", "");
        assert_eq!(names(&config).await, ["corp", "legacy"]);
    }

    #[tokio::test]
    async fn nonsense_is_left_out_and_the_rest_is_kept() {
        let config = "[sso-session a]\nsso_start_url = http://plain.example/\nsso_region = eu-west-1\n\
                      [sso-session b]\nsso_start_url = https://b.awsapps.com/start\n\
                      [sso-session c]\nsso_start_url = https://c.awsapps.com/start\nsso_region = eu-west-1\n";
        assert_eq!(names(config).await, ["c"]);
    }

    const FULL: &str = "# mine\r\n[default]\nregion = eu-west-1\n\n[sso-session corp] ; ours\n\
        sso_start_url = https://corp.awsapps.com/start # here\nsso_region = us-east-1\n\
        sso_registration_scopes = sso:account:access\n[profile \"dev one\"]\nsso_session = corp\n\
        sso_account_id = 111122223333\nsso_role_name = ReadOnly\ns3 =\n  max_concurrent_requests = 20\n\
        [profile old]\nsso_start_url = https://legacy.awsapps.com/start\nsso_region = eu-west-1\n\
        [services s]\nsso =\n  endpoint_url = http://127.0.0.1:1\n[plugins]\n[sso-session corp]\nsso_region = eu-west-2\n";

    #[test]
    fn whatever_the_file_says_what_comes_out_is_valid_and_the_file_stays() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        daypass_mutants::check(400, daypass_mutants::of_bytes(FULL.as_bytes()), |bytes| {
            std::fs::write(&path, &bytes).unwrap();
            let files = EnvConfigFiles::builder().with_file(EnvConfigFileKind::Config, &path).build();
            let found = runtime.block_on(read(&files)).sso_sessions;
            for sso in &found {
                let again =
                    sso_session(sso.name.as_str(), Some(sso.start_url.as_str()), Some(sso.region.as_str()));
                prop_assert_eq!(again.as_ref(), Some(sso));
                prop_assert!(
                    found.iter().filter(|other| other.name == sso.name).count() == 1,
                    "{}",
                    sso.name
                );
            }
            prop_assert_eq!(std::fs::read(&path).unwrap(), bytes);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
            Ok(())
        });
    }
}
