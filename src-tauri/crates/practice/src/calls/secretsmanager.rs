//! Secrets Manager: secrets by name or ARN.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::holdings::Holdings;
use crate::random::hex;

use super::json::{text, unknown};
use super::{Call, Refused, refuse};

pub(super) fn perform(
    call: &mut Call<'_>,
    holdings: &mut Holdings,
    operation: &str,
    input: &Value,
) -> Result<Value, Refused> {
    let action = match operation {
        "ListSecrets" => {
            call.allow("secretsmanager:ListSecrets", "*", &[])?;
            let told = holdings.secrets.keys().map(|name| json!({ "Name": name, "ARN": arn(call, name) }));
            return Ok(json!({ "SecretList": told.collect::<Vec<_>>() }));
        }
        "DescribeSecret" => "secretsmanager:DescribeSecret",
        "GetSecretValue" => "secretsmanager:GetSecretValue",
        other => return unknown(other),
    };
    let asked = text(input, "SecretId")?;
    let found = holdings.secrets.iter().find(|(name, _)| *name == asked || arn(call, name) == asked);
    let resource = match found {
        Some((name, _)) => arn(call, name),
        None if asked.starts_with("arn:") => asked.to_owned(),
        // Without a secret there is no suffix either; what is asked of then is the bare name.
        None => call.arn("secretsmanager", &format!("secret:{asked}")),
    };
    call.allow(action, &resource, &[("secretsmanager:SecretId", asked)])?;
    match found {
        None => refuse(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        Some((name, _)) if operation == "DescribeSecret" => Ok(json!({ "Name": name, "ARN": resource })),
        Some((name, value)) => Ok(json!({
            "Name": name, "ARN": resource, "SecretString": value, "VersionStages": ["AWSCURRENT"],
            "VersionId": "a1b2c3d4-5678-90ab-cdef-practice0000",
        })),
    }
}

/// Six characters that Secrets Manager puts behind the name, so that a name used again is another secret.
fn arn(call: &Call<'_>, name: &str) -> String {
    let suffix = hex(digest(&SHA256, name.as_bytes()).as_ref());
    call.arn("secretsmanager", &format!("secret:{name}-{}", &suffix[..6]))
}
