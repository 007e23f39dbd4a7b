//! Command lines a person wrote in a setting, split the way a shell splits them, without a shell.

/// The words of `line`: blanks separate, quotes and backslashes keep together. Nothing is expanded.
///
/// None where a quote is left open or the line ends in a backslash.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        for (line, words) in [
            ("xterm", vec!["xterm"]),
            ("  kitty   --single-instance ", vec!["kitty", "--single-instance"]),
            (r#"xterm -T "my role" -e"#, vec!["xterm", "-T", "my role", "-e"]),
            (r"'/opt/my term/run' a\ b", vec!["/opt/my term/run", "a b"]),
            (r#"a"b c"'d e'f"#, vec!["ab cd ef"]),
            (r#"x "" ''"#, vec!["x", "", ""]),
            (r#""a\"b" "\n""#, vec!["a\"b", r"\n"]),
            ("", vec![]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn nothing_is_expanded() {
        assert_eq!(split("$HOME `id` $(id) ~ *;&|").unwrap(), ["$HOME", "`id`", "$(id)", "~", "*;&|"]);
    }

    #[test]
    fn an_open_quote_is_no_command_line() {
        for line in ["'a", "\"a", "a\\", "\"a\\"] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
