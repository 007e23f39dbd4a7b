//! CloudWatch Logs: groups with a few events.

use serde_json::{Value, json};

use crate::clock::milliseconds;
use crate::holdings::Holdings;

use super::json::{text, unknown};
use super::{Call, Refused, refuse};

/// The one stream every group has.
const STREAM: &str = "practice";

pub(super) fn perform(
    call: &mut Call<'_>,
    holdings: &mut Holdings,
    operation: &str,
    input: &Value,
) -> Result<Value, Refused> {
    match operation {
        "DescribeLogGroups" => {
            // As in AWS's refusals: a group without a name, and in it a stream without one.
            let any = call.arn("logs", "log-group::log-stream:");
            call.allow("logs:DescribeLogGroups", &any, &[])?;
            let prefix = input["logGroupNamePrefix"].as_str().unwrap_or_default();
            let groups = holdings.log_groups.iter().filter(|(name, _)| name.starts_with(prefix));
            let described = groups.map(|(name, events)| {
                let arn = call.arn("logs", &format!("log-group:{name}:*"));
                json!({ "logGroupName": name, "arn": arn, "storedBytes": events.len() * 100, "metricFilterCount": 0 })
            });
            Ok(json!({ "logGroups": described.collect::<Vec<_>>() }))
        }
        "DescribeLogStreams" => {
            let name = group(call, "logs:DescribeLogStreams", input)?;
            if !holdings.log_groups.contains_key(&name) {
                return missing();
            }
            Ok(json!({ "logStreams": [{ "logStreamName": STREAM }] }))
        }
        "FilterLogEvents" | "GetLogEvents" => {
            let is_filter = operation == "FilterLogEvents";
            let action = if is_filter { "logs:FilterLogEvents" } else { "logs:GetLogEvents" };
            let name = group(call, action, input)?;
            let Some(events) = holdings.log_groups.get(&name) else { return missing() };
            // No pattern language: the words of a pattern have to be there, as for the simplest patterns of AWS.
            let words: Vec<&str> =
                input["filterPattern"].as_str().unwrap_or_default().split_whitespace().collect();
            let after = input["startTime"].as_i64().unwrap_or(i64::MIN);
            let before = input["endTime"].as_i64().unwrap_or(i64::MAX);
            let matching = events.iter().filter(|event| {
                (after..=before).contains(&milliseconds(event.at))
                    && words.iter().all(|word| event.message.contains(word.trim_matches('"')))
            });
            let told = matching.enumerate().map(|(number, event)| {
                json!({
                    "timestamp": milliseconds(event.at), "ingestionTime": milliseconds(event.at),
                    "message": event.message, "logStreamName": STREAM, "eventId": format!("{number:056}"),
                })
            });
            Ok(json!({ "events": told.collect::<Vec<_>>() }))
        }
        other => unknown(other),
    }
}

/// The group's name, if the caller may do this there. The resource of a group ends in `:log-stream:`, so that a policy
/// has to say `log-group:NAME:*`.
fn group(call: &mut Call<'_>, action: &'static str, input: &Value) -> Result<String, Refused> {
    let named = text(input, "logGroupName").or_else(|_| text(input, "logGroupIdentifier"))?;
    let name =
        named.rsplit_once(":log-group:").map_or(named, |(_, name)| name).trim_end_matches(":*").to_owned();
    let arn = call.arn("logs", &format!("log-group:{name}:log-stream:"));
    call.allow(action, &arn, &[])?;
    Ok(name)
}

fn missing() -> Result<Value, Refused> {
    refuse(400, "ResourceNotFoundException", "The specified log group does not exist.")
}
