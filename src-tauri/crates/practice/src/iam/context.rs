//! Context: the condition keys of one request and their values.

use std::collections::BTreeMap;

/// Condition keys with their values. Names of keys are the same in capitals and small letters, as IAM has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Adds a key with one value.
    pub(crate) fn with(self, key: &str, value: impl Into<String>) -> Self {
        self.with_all(key, vec![value.into()])
    }

    /// Adds a key with one value, if there is one. A key without a value isn't in the request.
    pub(crate) fn with_some(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds a key with many values; none at all leave the key out.
    pub(crate) fn with_all(mut self, key: &str, values: Vec<String>) -> Self {
        if !values.is_empty() {
            self.0.insert(key.to_lowercase(), values);
        }
        self
    }

    /// The values of a key, if the request has it.
    pub(crate) fn values(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_lowercase()).map(Vec::as_slice)
    }

    /// The value of a key that has exactly one.
    pub(crate) fn one(&self, key: &str) -> Option<&str> {
        match self.values(key)? {
            [value] => Some(value),
            _ => None,
        }
    }
}
