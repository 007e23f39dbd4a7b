//! Patterns: the `*` and `?` of policies, their `${variables}`, and ARNs compared part by part.

use super::Context;

/// A text of a policy with its variables filled in, ready to be compared.
pub(crate) struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, Eq, PartialEq)]
enum Piece {
    Exactly(char),
    /// `?`
    One,
    /// `*`
    Any,
}

impl Pattern {
    /// None when a variable has no value in this request: such a text matches nothing.
    ///
    /// What a variable stands for is taken to the letter: a `*` in a tag's value is no wildcard.
    pub(crate) fn read(text: &str, context: &Context, has_variables: bool) -> Option<Self> {
        let mut pieces = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let variable =
                rest.strip_prefix("${").filter(|_| has_variables).and_then(|it| it.split_once('}'));
            if let Some((name, after)) = variable {
                pieces.extend(value(name, context)?.chars().map(Piece::Exactly));
                rest = after;
                continue;
            }
            pieces.push(match character {
                '*' => Piece::Any,
                '?' => Piece::One,
                other => Piece::Exactly(other),
            });
            rest = &rest[character.len_utf8()..];
        }
        Some(Self(pieces))
    }

    /// With `*` for any characters and `?` for one.
    pub(crate) fn is_like(&self, text: &str) -> bool {
        is_like(&self.0, text)
    }

    /// To the letter: `*` and `?` are themselves.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.literal() == text
    }

    /// As [`is`](Self::is), with capitals and small letters the same.
    pub(crate) fn is_in_any_case(&self, text: &str) -> bool {
        self.literal().to_lowercase() == text.to_lowercase()
    }

    /// What it says when nothing in it is a wildcard.
    pub(crate) fn literal(&self) -> String {
        let plain = |piece: &Piece| match piece {
            Piece::Exactly(character) => *character,
            Piece::One => '?',
            Piece::Any => '*',
        };
        self.0.iter().map(plain).collect()
    }

    /// As an ARN: each of its six parts matches on its own, so that no `*` reaches over a colon but in the last part.
    pub(crate) fn is_arn_like(&self, arn: &str) -> bool {
        if self.0 == [Piece::Any] {
            return true;
        }
        let patterns: Vec<&[Piece]> = self.0.splitn(6, |piece| *piece == Piece::Exactly(':')).collect();
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        patterns.len() == 6
            && parts.len() == 6
            && patterns.iter().zip(parts).all(|(pattern, part)| is_like(pattern, part))
    }
}

/// `${*}`, `${?}` and `${$}` are those characters; `${key, 'default'}` has a value when the key has none.
fn value<'a>(name: &'a str, context: &'a Context) -> Option<&'a str> {
    if let "*" | "?" | "$" = name {
        return Some(name);
    }
    let (key, default) = match name.split_once(',') {
        None => (name, None),
        Some((key, default)) => (key, default.trim().strip_prefix('\'').and_then(|it| it.strip_suffix('\''))),
    };
    context.one(key.trim()).or(default)
}

/// Greedy with one way back: at a mismatch the last `*` takes one character more.
fn is_like(pattern: &[Piece], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut in_text, mut star) = (0, 0, None);
    while in_text < text.len() {
        match pattern.get(at) {
            Some(Piece::Any) => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(Piece::One) => (at, in_text) = (at + 1, in_text + 1),
            Some(Piece::Exactly(wanted)) if *wanted == text[in_text] => (at, in_text) = (at + 1, in_text + 1),
            _ => match star {
                Some((before, taken)) => {
                    star = Some((before, taken + 1));
                    (at, in_text) = (before + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|piece| *piece == Piece::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, context: &Context) -> Option<Pattern> {
        Pattern::read(text, context, true)
    }

    #[test]
    fn stars_take_any_number_of_characters_and_question_marks_one() {
        let none = Context::default();
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("a*b*c", "aXbXbXc", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("", "x", false),
            ("${*}", "*", true),
            ("${*}", "x", false),
            ("${", "${", true),
        ] {
            assert_eq!(read(pattern, &none).unwrap().is_like(text), expected, "{pattern} and {text}");
        }
    }

    #[test]
    fn a_variable_is_taken_to_the_letter_and_without_a_value_matches_nothing() {
        let context = Context::default().with("aws:PrincipalTag/Team", "a*");
        let home = read("home/${aws:principaltag/team}/*", &context).unwrap();
        assert!(home.is_like("home/a*/x") && !home.is_like("home/abc/x"));
        assert!(read("home/${aws:username}/*", &context).is_none());
        assert!(read("home/${aws:username, 'anyone'}/*", &context).unwrap().is_like("home/anyone/x"));
        let old = Pattern::read("${aws:username}", &context, false).unwrap();
        assert!(old.is("${aws:username}"), "policies of 2008 know no variables");
    }

    #[test]
    fn the_parts_of_an_arn_match_each_on_its_own() {
        let none = Context::default();
        let object = "arn:aws:s3:::audit/2026/a:b";
        for (pattern, expected) in [
            ("arn:aws:s3:::audit/*", true),
            ("arn:*:s3:*:*:audit/*", true),
            ("arn:aws:*", false),
            ("arn:aws:s3*audit/*", false),
            ("arn:aws:s3:::audit", false),
            ("*", true),
        ] {
            assert_eq!(read(pattern, &none).unwrap().is_arn_like(object), expected, "{pattern}");
        }
    }
}
