//! Text for a notification daemon: organisations choose names, and a daemon may take them for markup.

use daypass_domain::text::is_unseen;

/// Only what is seen: control characters become spaces, what else is unseen or turns the direction of text goes.
pub(super) fn plain(text: &str) -> String {
    let stays = |c: &char| c.is_control() || !is_unseen(*c);
    text.chars().filter(stays).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The same where it is read as markup.
pub(super) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// The same as a title, which is never markup; and yet dunst looks for links in it.
pub(super) fn title(text: &str) -> String {
    plain(text).replace('<', "‹").replace('>', "›")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup_or_a_second_line() {
        assert_eq!(
            markup("<b>R&D</b>\n<a href='x'>"),
            "&lt;b&gt;R&amp;D&lt;/b&gt; &lt;a href=&#39;x&#39;&gt;"
        );
        assert_eq!(title("<a href=x>R&D</a>"), "‹a href=x›R&D‹/a›");
        assert_eq!(plain("pay\u{202e}men\u{2028}ts\u{1b}[31m\r\n<b>"), "payments [31m  <b>");
        assert_eq!(plain("支払い – crédits 🙂"), "支払い – crédits 🙂");
    }
}
