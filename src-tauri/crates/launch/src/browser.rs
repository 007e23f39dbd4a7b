//! Browsers: the person's choice, else what the desktop opens addresses with.

use std::{process::Command, time::Duration};

use daypass_domain::{
    failure::{Code, Failure},
    sso::is_secure,
};
use url::Url;

use crate::{command_line, start};

/// How long a browser command may take to fail. `xdg-open` tries several ways before it gives up.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens `url` in the browser.
///
/// The choice is `DAYPASS_BROWSER` (a command line, `%s` standing for the address, else it comes last), then
/// `set` (the same, of the settings), then `BROWSER` (several, separated by colons, as `xdg-open` reads it), then `xdg-open`. Blocks for up to a second
/// while a command has not failed. The address appears in the arguments of what is started, nowhere else.
///
/// # Errors
/// `Malformed` for anything but https, or http on loopback; `NoBrowser` where none starts.
pub fn open(url: &str, set: Option<&str>) -> Result<(), Failure> {
    let url = address(url)?;
    let person = std::env::var("DAYPASS_BROWSER").ok();
    let desktop = std::env::var("BROWSER").ok();
    for mut words in choices(
        person.as_deref().filter(|line| !line.trim().is_empty()).or(set),
        desktop.as_deref(),
        url.as_str(),
    ) {
        let program = words.remove(0);
        let Some(path) = start::find(&program) else { continue };
        let mut command = Command::new(path);
        command.args(words);
        if start::detached(command, PATIENCE).is_ok() {
            return Ok(());
        }
    }
    Err(Code::NoBrowser.into())
}

/// The address as parsed, so that what was checked is what is opened.
fn address(text: &str) -> Result<Url, Code> {
    let url = Url::parse(text).map_err(|_| Code::Malformed)?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if is_plain && is_secure(&url) { Ok(url) } else { Err(Code::Malformed) }
}

/// The commands to try, in order. Where the person chose one, no other is tried.
fn choices(person: Option<&str>, desktop: Option<&str>, url: &str) -> Vec<Vec<String>> {
    if let Some(line) = person.filter(|line| !line.trim().is_empty()) {
        return with_address(line, url).into_iter().collect();
    }
    let listed = desktop.unwrap_or_default().split(':').filter_map(|line| with_address(line, url));
    listed.chain([vec!["xdg-open".to_owned(), url.to_owned()]]).collect()
}

fn with_address(line: &str, url: &str) -> Option<Vec<String>> {
    let mut words = command_line::split(line).filter(|words| !words.is_empty())?;
    // The program itself is never replaced: an address must not become what is run.
    let arguments = &mut words[1..];
    if arguments.iter().any(|word| word.contains("%s")) {
        for word in arguments {
            *word = word.replace("%s", url);
        }
    } else {
        words.push(url.to_owned());
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://acme.awsapps.com/start";

    #[test]
    fn only_https_and_loopback_are_ever_opened() {
        for url in [URL, "http://127.0.0.1:4321/console/abc", "http://[::1]:1/", "http://localhost:1/"] {
            assert!(address(url).is_ok(), "{url}");
        }
        for url in [
            "http://acme.awsapps.com/start",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://user:pw@acme.awsapps.com/",
            "http://127.0.0.1.evil.example/",
            "--help",
            "",
        ] {
            assert_eq!(address(url).err(), Some(Code::Malformed), "{url}");
        }
    }

    #[test]
    fn a_refused_address_starts_nothing_and_is_not_in_the_words() {
        let failure = open("file:///etc/passwd", None).unwrap_err();
        assert_eq!(failure.code, Code::Malformed);
        assert!(!failure.fact.contains("passwd") && !failure.advice.contains("passwd"));
    }

    #[test]
    fn the_persons_choice_is_the_only_one() {
        assert_eq!(
            choices(Some("firefox -P work --new-tab %s"), Some("lynx"), URL),
            [["firefox", "-P", "work", "--new-tab", URL]]
        );
        assert_eq!(choices(Some("chromium"), None, URL), [["chromium", URL]]);
        assert!(choices(Some("open 'quote"), Some("lynx"), URL).is_empty());
    }

    #[test]
    fn without_a_choice_the_desktop_decides() {
        assert_eq!(
            choices(None, Some("w3m:lynx %s -nopause"), URL),
            [vec!["w3m", URL], vec!["lynx", URL, "-nopause"], vec!["xdg-open", URL]]
        );
        assert_eq!(choices(Some(" "), None, URL), [["xdg-open", URL]]);
    }

    #[test]
    fn the_address_never_becomes_the_program() {
        assert_eq!(choices(Some("%s"), None, URL), [["%s", URL]]);
    }
}
