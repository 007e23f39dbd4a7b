//! Holdings: what lies in an account for the services to serve, the same in every Region.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// What an account holds.
pub(crate) struct Holdings {
    /// Objects by key, by bucket.
    pub(crate) buckets: BTreeMap<String, BTreeMap<String, Object>>,
    /// Items by the value of their key `id`, by table.
    pub(crate) tables: BTreeMap<String, BTreeMap<String, Value>>,
    /// Events by log group, oldest first.
    pub(crate) log_groups: BTreeMap<String, Vec<LogEvent>>,
    /// Values by parameter name.
    pub(crate) parameters: BTreeMap<String, Parameter>,
    /// Secret strings by name.
    pub(crate) secrets: BTreeMap<String, String>,
    /// Lambda functions.
    pub(crate) functions: Vec<&'static str>,
}

pub(crate) struct Object {
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: String,
    pub(crate) modified: OffsetDateTime,
}

pub(crate) struct LogEvent {
    pub(crate) at: OffsetDateTime,
    pub(crate) message: String,
}

pub(crate) struct Parameter {
    pub(crate) value: String,
    pub(crate) is_secure: bool,
}

impl Holdings {
    /// What every account has at first. Buckets end in the account's number, since their names are the world's.
    pub(crate) fn of(account_id: &str, now: OffsetDateTime) -> Self {
        let object = |body: &str| Object {
            body: body.as_bytes().to_vec(),
            content_type: "application/json".to_owned(),
            modified: now - Duration::hours(2),
        };
        let audit = ["2026/03/01/events-0001.json", "2026/03/01/events-0002.json", "replay/README.txt"];
        let exports = ["orders/2026-03.csv", "orders/2026-02.csv"];
        let filled = |keys: &[&str], body: &str| {
            keys.iter().map(|key| ((*key).to_owned(), object(body))).collect::<BTreeMap<_, _>>()
        };
        let items = |ids: &[&str], field: &str, value: &str| {
            let item = |id: &&str| ((*id).to_owned(), json!({ "id": { "S": id }, field: { "S": value } }));
            ids.iter().map(item).collect::<BTreeMap<_, _>>()
        };
        let event = |minutes: i64, message: &str| LogEvent {
            at: now - Duration::minutes(minutes),
            message: message.to_owned(),
        };
        let plain = |value: &str| Parameter { value: value.to_owned(), is_secure: false };
        let named = |name: &str| name.to_owned();
        Self {
            buckets: BTreeMap::from([
                (format!("audit-logs-{account_id}"), filled(&audit, r#"{"events":[]}"#)),
                (format!("exports-{account_id}"), filled(&exports, "id,total\n1,9.90\n")),
            ]),
            tables: BTreeMap::from([
                (named("orders"), items(&["o-1001", "o-1002", "o-1003"], "state", "shipped")),
                (named("sessions"), items(&["s-1"], "person", "dana")),
            ]),
            log_groups: BTreeMap::from([
                (
                    named("/aws/lambda/replay-audit"),
                    vec![event(9, "START"), event(8, "replayed 12 events"), event(7, "END")],
                ),
                (
                    named("/acme/checkout"),
                    vec![event(30, "order o-1001 accepted"), event(3, "ERROR timeout")],
                ),
            ]),
            parameters: BTreeMap::from([
                (named("/checkout/database/host"), plain("db.example.internal")),
                (
                    named("/checkout/database/password"),
                    Parameter { value: named("practice-only"), is_secure: true },
                ),
                (named("/checkout/feature/replay"), plain("on")),
                (named("/shared/region"), plain("eu-west-1")),
            ]),
            secrets: BTreeMap::from([
                (named("checkout/database"), named(r#"{"username":"checkout","password":"practice-only"}"#)),
                (named("partner/token"), named("practice-only")),
            ]),
            functions: vec!["replay-audit", "checkout"],
        }
    }
}
