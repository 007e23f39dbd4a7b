//! DynamoDB: tables of items with the key `id`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::holdings::Holdings;

use super::json::{text, unknown};
use super::{Call, Refused, refuse};

pub(super) fn perform(
    call: &mut Call<'_>,
    holdings: &mut Holdings,
    operation: &str,
    input: &Value,
) -> Result<Value, Refused> {
    let action = match operation {
        "ListTables" => {
            let all = call.arn("dynamodb", "table/*");
            call.allow("dynamodb:ListTables", &all, &[])?;
            return Ok(json!({ "TableNames": holdings.tables.keys().collect::<Vec<_>>() }));
        }
        "DescribeTable" => "dynamodb:DescribeTable",
        "GetItem" => "dynamodb:GetItem",
        "PutItem" => "dynamodb:PutItem",
        "DeleteItem" => "dynamodb:DeleteItem",
        "Scan" => "dynamodb:Scan",
        other => return unknown(other),
    };
    // A table may be named by its ARN as well.
    let named = text(input, "TableName")?;
    let name = named.rsplit_once(":table/").map_or(named, |(_, name)| name);
    let arn = call.arn("dynamodb", &format!("table/{name}"));
    let key = input.get("Key").or(input.get("Item")).and_then(|key| key["id"]["S"].as_str());
    let leading: Vec<(&str, &str)> = key.map(|key| ("dynamodb:LeadingKeys", key)).into_iter().collect();
    call.allow(action, &arn, &leading)?;
    let Some(table) = holdings.tables.get_mut(name) else {
        return refuse(400, "ResourceNotFoundException", "Requested resource not found");
    };
    match (operation, key) {
        ("DescribeTable", _) => Ok(described(name, &arn, table)),
        ("Scan", _) => {
            let items: Vec<&Value> = table.values().collect();
            Ok(json!({ "Items": items, "Count": items.len(), "ScannedCount": items.len() }))
        }
        ("GetItem", Some(key)) => {
            Ok(table.get(key).map_or_else(|| json!({}), |item| json!({ "Item": item })))
        }
        ("DeleteItem", Some(key)) => {
            table.remove(key);
            Ok(json!({}))
        }
        ("PutItem", Some(key)) => {
            table.insert(key.to_owned(), input["Item"].clone());
            Ok(json!({}))
        }
        _ => refuse(400, "ValidationException", "The provided key element does not match the schema"),
    }
}

fn described(name: &str, arn: &str, table: &BTreeMap<String, Value>) -> Value {
    json!({ "Table": {
        "TableName": name,
        "TableArn": arn,
        "TableStatus": "ACTIVE",
        "ItemCount": table.len(),
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
    }})
}
