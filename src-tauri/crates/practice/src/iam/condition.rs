//! Conditions: the operators of policies, with `IfExists`, `ForAllValues:` and `ForAnyValue:`.

use std::net::IpAddr;

use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, time};
use time::{Date, OffsetDateTime};

use super::Context;
use super::pattern::Pattern;

/// One operator with one key and its values.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    operator: Operator,
    is_negated: bool,
    is_if_exists: bool,
    quantifier: Quantifier,
    key: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operator {
    Equals,
    EqualsInAnyCase,
    Like,
    ArnLike,
    Bool,
    Ip,
    Null,
    Number(Compare),
    Date(Compare),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Quantifier {
    None,
    All,
    Any,
}

/// Why a condition can't be.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Unreadable {
    /// There is no operator of that name.
    Operator,
    /// A value isn't of the operator's kind: no date, no number, no network, neither true nor false.
    Value,
}

impl Condition {
    /// # Errors
    /// When AWS wouldn't take such a condition.
    pub(crate) fn read(operator: &str, key: &str, values: Vec<String>) -> Result<Self, Unreadable> {
        let (quantifier, name) = match operator.split_once(':') {
            None => (Quantifier::None, operator),
            Some(("ForAllValues", name)) => (Quantifier::All, name),
            Some(("ForAnyValue", name)) => (Quantifier::Any, name),
            Some(_) => return Err(Unreadable::Operator),
        };
        let (name, is_if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (operator, is_negated) = named(name).ok_or(Unreadable::Operator)?;
        if operator == Operator::Null && is_if_exists {
            return Err(Unreadable::Operator);
        }
        if !values.iter().all(|value| operator.takes(value)) {
            return Err(Unreadable::Value);
        }
        Ok(Self { operator, is_negated, is_if_exists, quantifier, key: key.to_owned(), values })
    }

    /// Whether a request with these keys meets it.
    ///
    /// Without the key in the request a negated operator is met and any other isn't; `IfExists` and `ForAllValues` are
    /// met too. Values of a positive operator are alternatives; of a negated one none may match.
    pub(crate) fn is_met(&self, context: &Context, has_variables: bool) -> bool {
        let given = context.values(&self.key);
        if self.operator == Operator::Null {
            return self.values.iter().any(|value| value.eq_ignore_ascii_case("true") == given.is_none());
        }
        let Some(given) = given else {
            return match self.quantifier {
                Quantifier::All => true,
                Quantifier::Any => self.is_if_exists,
                Quantifier::None => self.is_negated || self.is_if_exists,
            };
        };
        let fits = |value: &String| {
            self.values.iter().any(|wanted| self.matches(wanted, value, context, has_variables))
                != self.is_negated
        };
        match self.quantifier {
            Quantifier::All => given.iter().all(fits),
            Quantifier::Any => given.iter().any(fits),
            // A key of many values without a quantifier is no use AWS defines; none may slip through a negation.
            Quantifier::None if self.is_negated => given.iter().all(fits),
            Quantifier::None => given.iter().any(fits),
        }
    }

    fn matches(&self, wanted: &str, given: &str, context: &Context, has_variables: bool) -> bool {
        let Some(pattern) = Pattern::read(wanted, context, has_variables) else { return false };
        match self.operator {
            Operator::Equals => pattern.is(given),
            Operator::EqualsInAnyCase => pattern.is_in_any_case(given),
            Operator::Like => pattern.is_like(given),
            Operator::ArnLike => pattern.is_arn_like(given),
            Operator::Bool => pattern.is_in_any_case(given),
            Operator::Ip => is_within(&pattern.literal(), given).unwrap_or(false),
            Operator::Null => false,
            Operator::Number(compare) => {
                let numbers = given.parse::<f64>().ok().zip(pattern.literal().parse::<f64>().ok());
                numbers.is_some_and(|(given, wanted)| compare.holds(&given, &wanted))
            }
            Operator::Date(compare) => {
                let dates = date(given).zip(date(&pattern.literal()));
                dates.is_some_and(|(given, wanted)| compare.holds(&given, &wanted))
            }
        }
    }
}

impl Operator {
    /// Whether a value is one that this operator can compare with. Only texts and ARNs may have variables.
    fn takes(self, value: &str) -> bool {
        match self {
            Self::Equals | Self::EqualsInAnyCase | Self::Like | Self::ArnLike => true,
            Self::Bool | Self::Null => matches!(value.to_lowercase().as_str(), "true" | "false"),
            Self::Ip => {
                let base = value.split('/').next().unwrap_or_default();
                is_within(value, base) == Some(true)
            }
            Self::Number(_) => value.parse::<f64>().is_ok(),
            Self::Date(_) => date(value).is_some(),
        }
    }
}

/// The operator of a name, and whether it is negated.
fn named(name: &str) -> Option<(Operator, bool)> {
    Some(match name {
        "StringEquals" => (Operator::Equals, false),
        "StringNotEquals" => (Operator::Equals, true),
        "StringEqualsIgnoreCase" => (Operator::EqualsInAnyCase, false),
        "StringNotEqualsIgnoreCase" => (Operator::EqualsInAnyCase, true),
        "StringLike" => (Operator::Like, false),
        "StringNotLike" => (Operator::Like, true),
        "ArnEquals" | "ArnLike" => (Operator::ArnLike, false),
        "ArnNotEquals" | "ArnNotLike" => (Operator::ArnLike, true),
        "Bool" => (Operator::Bool, false),
        "IpAddress" => (Operator::Ip, false),
        "NotIpAddress" => (Operator::Ip, true),
        "Null" => (Operator::Null, false),
        other => {
            let (kind, compare) = other
                .strip_prefix("Numeric")
                .map(|compare| (Operator::Number as fn(Compare) -> Operator, compare))
                .or_else(|| Some((Operator::Date as fn(Compare) -> Operator, other.strip_prefix("Date")?)))?;
            let (compare, is_negated) = match compare {
                "Equals" => (Compare::Equal, false),
                "NotEquals" => (Compare::Equal, true),
                "LessThan" => (Compare::Less, false),
                "LessThanEquals" => (Compare::LessOrEqual, false),
                "GreaterThan" => (Compare::Greater, false),
                "GreaterThanEquals" => (Compare::GreaterOrEqual, false),
                _ => return None,
            };
            (kind(compare), is_negated)
        }
    })
}

impl Compare {
    fn holds<T: PartialOrd>(self, given: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => given == wanted,
            Self::Less => given < wanted,
            Self::LessOrEqual => given <= wanted,
            Self::Greater => given > wanted,
            Self::GreaterOrEqual => given >= wanted,
        }
    }
}

/// A moment of ISO 8601 as policies have it, a day, or seconds since the epoch.
fn date(text: &str) -> Option<OffsetDateTime> {
    let day = format_description!("[year]-[month]-[day]");
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .or_else(|| Some(Date::parse(text, day).ok()?.with_time(time!(0:00)).assume_utc()))
        .or_else(|| OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok())
}

/// Whether an address is in a network such as 203.0.113.0/24; a bare address is a network of one.
fn is_within(network: &str, address: &str) -> Option<bool> {
    let (base, length) =
        network.split_once('/').map_or((network, None), |(base, length)| (base, Some(length)));
    let (base, bits) = number(base.parse().ok()?);
    let (address, other_bits) = number(address.parse().ok()?);
    let length = length.map_or(Some(bits), |length| length.parse().ok().filter(|length| *length <= bits))?;
    let shift = bits - length;
    // A shift by all the bits there are isn't defined: such a network holds every address of its kind.
    let head = |number: u128| number.checked_shr(shift).unwrap_or(0);
    Some(bits == other_bits && head(base) == head(address))
}

fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(operator: &str, key: &str, values: &[&str], context: &Context) -> bool {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Condition::read(operator, key, values).unwrap().is_met(context, true)
    }

    /// Operator, what the policy says, what the request says, and whether that is met.
    #[test]
    fn every_operator_compares_as_the_reference_says() {
        for (operator, wanted, given, expected) in [
            ("StringEquals", "eu-west-1", "eu-west-1", true),
            ("StringEquals", "eu-*", "eu-west-1", false),
            ("StringNotEquals", "eu-west-1", "us-east-1", true),
            ("StringEqualsIgnoreCase", "TRUE", "true", true),
            ("StringLike", "eu-*", "eu-west-1", true),
            ("StringNotLike", "eu-*", "eu-west-1", false),
            ("ArnLike", "arn:aws:iam::*:role/x*", "arn:aws:iam::111122223333:role/xyz", true),
            ("ArnEquals", "arn:aws:iam::*:role/x*", "arn:aws:iam::111122223333:role/xyz", true),
            ("ArnNotLike", "arn:aws:iam::*:role/x*", "arn:aws:iam::111122223333:role/xyz", false),
            ("Bool", "true", "false", false),
            ("IpAddress", "203.0.113.0/24", "203.0.113.9", true),
            ("IpAddress", "203.0.113.0/24", "203.0.114.9", false),
            ("IpAddress", "203.0.113.9", "203.0.113.9", true),
            ("IpAddress", "0.0.0.0/0", "198.51.100.1", true),
            ("IpAddress", "2001:db8::/32", "2001:db8::1", true),
            ("IpAddress", "::/0", "198.51.100.1", false),
            ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", true),
            ("NumericLessThanEquals", "10", "10", true),
            ("NumericGreaterThan", "10", "9", false),
            ("DateLessThan", "2026-03-02T10:00:00Z", "2026-03-02T09:12:00Z", true),
            ("DateGreaterThan", "2026-03-02T10:00:00Z", "2026-03-02T10:00:01Z", true),
            ("DateGreaterThan", "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", false),
            ("DateGreaterThanEquals", "2026-03-02", "2026-03-02T00:00:00Z", true),
            ("DateLessThan", "1772445600", "2026-03-02T09:12:00Z", true),
            ("Null", "true", "there", false),
            ("Null", "false", "there", true),
        ] {
            let context = Context::default().with("key", given);
            assert_eq!(
                is_met(operator, "KEY", &[wanted], &context),
                expected,
                "{operator} {wanted}: {given}"
            );
        }
    }

    #[test]
    fn a_key_that_is_missing_meets_what_is_negated_or_if_exists() {
        let none = Context::default();
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringEqualsIfExists", true),
            ("StringNotEquals", true),
            ("ArnNotLike", true),
            ("BoolIfExists", true),
            ("Null", true),
            ("ForAllValues:StringEquals", true),
            ("ForAnyValue:StringEquals", false),
        ] {
            assert_eq!(is_met(operator, "key", &["true"], &none), expected, "{operator}");
        }
    }

    #[test]
    fn values_of_a_condition_are_alternatives_and_of_a_negated_one_all_excluded() {
        let context = Context::default().with("key", "b");
        assert!(is_met("StringEquals", "key", &["a", "b"], &context));
        assert!(!is_met("StringNotEquals", "key", &["a", "b"], &context));
        let tags = Context::default().with_all("aws:TagKeys", vec!["Team".into(), "Ticket".into()]);
        assert!(is_met("ForAllValues:StringEquals", "aws:TagKeys", &["Team", "Ticket", "X"], &tags));
        assert!(!is_met("ForAllValues:StringEquals", "aws:TagKeys", &["Team"], &tags));
        assert!(is_met("ForAnyValue:StringEquals", "aws:TagKeys", &["Team"], &tags));
        assert!(!is_met("ForAnyValue:StringNotEquals", "aws:TagKeys", &["Team", "Ticket"], &tags));
    }

    #[test]
    fn operators_that_do_not_exist_and_values_of_another_kind_are_told_apart() {
        for (operator, value, expected) in [
            ("StringEqual", "x", Unreadable::Operator),
            ("NullIfExists", "true", Unreadable::Operator),
            ("ForSomeValues:StringEquals", "x", Unreadable::Operator),
            ("DateLike", "2026-03-02", Unreadable::Operator),
            ("DateLessThan", "2026-03-02T10:00", Unreadable::Value),
            ("DateLessThan", "${aws:CurrentTime}", Unreadable::Value),
            ("IpAddress", "203.0.113.0/33", Unreadable::Value),
            ("IpAddress", "203.0.113", Unreadable::Value),
            ("NumericEquals", "ten", Unreadable::Value),
            ("Bool", "yes", Unreadable::Value),
            ("Null", "", Unreadable::Value),
        ] {
            let read = Condition::read(operator, "key", vec![value.to_owned()]);
            assert_eq!(read.err(), Some(expected), "{operator} {value}");
        }
    }
}
