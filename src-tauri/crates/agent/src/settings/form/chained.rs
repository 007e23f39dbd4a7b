//! A chained role as files say it: the settings and the organisation's.

use daypass_domain::chain::{ChainedRole, ExternalId, Known};
use serde::Deserialize;

use super::parsed;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ChainedForm {
    name: String,
    arn: String,
    #[serde(default, deserialize_with = "parsed")]
    external_id: Option<ExternalId>,
    #[serde(default = "any")]
    from_role: String,
    #[serde(default = "any")]
    from_account: String,
    #[serde(default)]
    tags: bool,
    #[serde(default)]
    source_identity: bool,
}

fn any() -> String {
    "*".to_owned()
}

impl ChainedForm {
    pub(crate) fn known(self, source: Known) -> ChainedRole {
        let Self { name, arn, external_id, from_role, from_account, tags, source_identity } = self;
        ChainedRole {
            name,
            arn,
            external_id,
            from_role,
            from_account,
            takes_tags: tags,
            takes_source_identity: source_identity,
            source,
        }
    }
}
