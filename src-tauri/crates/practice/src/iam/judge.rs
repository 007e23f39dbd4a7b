//! One policy put to the test, without an organisation around it.

use std::sync::Arc;

use super::{Context, Document, Kind, Request, decision};

/// Whether a session policy would let a request pass that its role allows. `keys` are condition keys and their values.
///
/// # Errors
/// What AWS says of a policy that is none.
pub fn lets_pass(policy: &str, action: &str, resource: &str, keys: &[(&str, &str)]) -> Result<bool, String> {
    let policy = Arc::new(Document::parse(policy, Kind::Identity).map_err(|malformed| malformed.0)?);
    let context = keys.iter().fold(Context::default(), |context, (key, value)| context.with(key, *value));
    let request = Request { action, resource, context: &context };
    Ok(decision::decide(&[Arc::clone(&policy)], Some(&[policy]), &request).is_ok())
}
