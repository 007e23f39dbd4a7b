//! Systems Manager: the parameter store.

use serde_json::{Value, json};

use crate::holdings::{Holdings, Parameter};

use super::json::{text, texts, unknown};
use super::{Call, Refused, refuse};

pub(super) fn perform(
    call: &mut Call<'_>,
    holdings: &mut Holdings,
    operation: &str,
    input: &Value,
) -> Result<Value, Refused> {
    let is_decrypted = input["WithDecryption"].as_bool().unwrap_or(false);
    match operation {
        "GetParameter" => {
            let name = text(input, "Name")?;
            call.allow("ssm:GetParameter", &arn(call, name), &[])?;
            match holdings.parameters.get(name) {
                Some(found) => Ok(json!({ "Parameter": told(call, name, found, is_decrypted) })),
                None => refuse(400, "ParameterNotFound", ""),
            }
        }
        "GetParameters" => {
            let names = texts(input, "Names");
            for name in &names {
                call.allow("ssm:GetParameters", &arn(call, name), &[])?;
            }
            let (known, unknown): (Vec<&str>, Vec<&str>) =
                names.into_iter().partition(|name| holdings.parameters.contains_key(*name));
            let found = known.iter().filter_map(|name| holdings.parameters.get_key_value(*name));
            let found: Vec<Value> =
                found.map(|(name, found)| told(call, name, found, is_decrypted)).collect();
            Ok(json!({ "Parameters": found, "InvalidParameters": unknown }))
        }
        "GetParametersByPath" => {
            let path = text(input, "Path")?;
            call.allow("ssm:GetParametersByPath", &arn(call, path), &[])?;
            let is_recursive = input["Recursive"].as_bool().unwrap_or(false);
            let below = format!("{}/", path.trim_end_matches('/'));
            let found = holdings.parameters.iter().filter(|(name, _)| {
                let rest = name.strip_prefix(&below);
                rest.is_some_and(|rest| is_recursive || !rest.contains('/'))
            });
            let found: Vec<Value> =
                found.map(|(name, found)| told(call, name, found, is_decrypted)).collect();
            Ok(json!({ "Parameters": found }))
        }
        "PutParameter" => {
            let name = text(input, "Name")?;
            call.allow("ssm:PutParameter", &arn(call, name), &[])?;
            let is_there = holdings.parameters.contains_key(name);
            if is_there && !input["Overwrite"].as_bool().unwrap_or(false) {
                return refuse(400, "ParameterAlreadyExists", "The parameter already exists.");
            }
            let is_secure = input["Type"] == "SecureString";
            let value = text(input, "Value")?.to_owned();
            holdings.parameters.insert(name.to_owned(), Parameter { value, is_secure });
            Ok(json!({ "Version": 1, "Tier": "Standard" }))
        }
        other => unknown(other),
    }
}

/// A name's slash is the one between `parameter` and it.
fn arn(call: &Call<'_>, name: &str) -> String {
    call.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')))
}

fn told(call: &Call<'_>, name: &str, parameter: &Parameter, is_decrypted: bool) -> Value {
    let is_shut = parameter.is_secure && !is_decrypted;
    json!({
        "Name": name,
        "ARN": arn(call, name),
        "Type": if parameter.is_secure { "SecureString" } else { "String" },
        "Value": if is_shut { "AQICAHhpractice-ciphertext" } else { parameter.value.as_str() },
        "Version": 1,
        "DataType": "text",
    })
}
