//! Starting hidden at login: the autostart entry that the setting `start-at-login` puts there and takes away.
//!
//! Discarded: the crate `auto-launch`. It does not read `XDG_CONFIG_HOME`, quotes no path, and writes over an
//! entry that is not ours.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use daypass_domain::failure::Code;

use crate::link::Link;

/// By this line an entry is ours; without it, it is left alone.
const MARK: &str = "X-Daypass=written by Daypass's setting start-at-login";

/// Keeps the entry as the setting says, and says where that cannot be done.
pub(crate) async fn follow(link: Arc<Link>) {
    let mut last = None;
    loop {
        let wanted = link.next(last.as_ref(), |view| view.settings.start_at_login).await;
        last = Some(wanted);
        let done = tauri::async_runtime::spawn_blocking(move || set(wanted)).await;
        if let Ok(Err(code)) = done {
            link.warn(code.into());
        }
    }
}

fn set(wanted: bool) -> Result<(), Code> {
    let Some(entry) = path() else { return if wanted { Err(Code::AutostartUnwritable) } else { Ok(()) } };
    let program = std::env::current_exe().map_err(|_| Code::AutostartUnwritable)?;
    write(&entry, wanted.then_some(program.as_path()))
}

/// `$XDG_CONFIG_HOME/autostart/app.daypass.Daypass.desktop`
fn path() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(config.join("autostart/app.daypass.Daypass.desktop"))
}

/// Puts the entry there that starts this program, or takes it away.
fn write(entry: &Path, program: Option<&Path>) -> Result<(), Code> {
    let before = match fs::read(entry) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => return Err(Code::AutostartUnwritable),
    };
    let is_ours = |text: &Vec<u8>| text.split(|b| *b == b'\n').any(|line| line == MARK.as_bytes());
    match (program, before) {
        (None, None) => Ok(()),
        // Whoever wrote one of their own starts Daypass as they like.
        (None, Some(before)) if !is_ours(&before) => Ok(()),
        (Some(_), Some(before)) if !is_ours(&before) => Err(Code::AutostartForeign),
        (None, Some(_)) => fs::remove_file(entry).map_err(|_| Code::AutostartUnwritable),
        (Some(program), before) => {
            let text = text(program).ok_or(Code::AutostartUnwritable)?;
            if before.is_some_and(|before| before == text.as_bytes()) {
                return Ok(());
            }
            let folder = entry.parent().ok_or(Code::AutostartUnwritable)?;
            let new = entry.with_extension("new");
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&new, text))
                .and_then(|()| fs::rename(&new, entry))
                .map_err(|_| Code::AutostartUnwritable)
        }
    }
}

fn text(program: &Path) -> Option<String> {
    let program = quoted(program.to_str()?)?;
    Some(format!(
        "[Desktop Entry]\nType=Application\nName=Daypass\nComment=AWS access that expires on time\n\
         Exec={program} --hidden\nIcon=daypass\nTerminal=false\nStartupNotify=false\n{MARK}\n"
    ))
}

/// As the Desktop Entry Specification quotes an argument of `Exec`, and then a value of type string.
fn quoted(argument: &str) -> Option<String> {
    if argument.contains(char::is_control) {
        return None;
    }
    let mut quoted = String::from("\"");
    for c in argument.chars() {
        match c {
            '"' | '`' | '$' => quoted.extend(["\\\\", c.encode_utf8(&mut [0; 4])]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(c),
        }
    }
    Some(quoted + "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> (tempfile::TempDir, PathBuf) {
        let top = tempfile::tempdir().unwrap();
        let entry = top.path().join("autostart/app.daypass.Daypass.desktop");
        (top, entry)
    }

    #[test]
    fn the_entry_comes_and_goes() {
        let (_top, entry) = entry();
        assert_eq!(write(&entry, None), Ok(()));
        assert!(!entry.exists());
        write(&entry, Some(Path::new("/usr/bin/daypass-desktop"))).unwrap();
        assert!(
            fs::read_to_string(&entry).unwrap().contains("\nExec=\"/usr/bin/daypass-desktop\" --hidden\n")
        );
        write(&entry, Some(Path::new("/opt/daypass-desktop"))).unwrap();
        assert!(fs::read_to_string(&entry).unwrap().contains("\"/opt/"), "the program has moved");
        write(&entry, None).unwrap();
        assert!(!entry.exists());
        assert_eq!(fs::read_dir(entry.parent().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn an_entry_that_is_not_ours_is_left_alone() {
        let (_top, entry) = entry();
        let program = Path::new("/usr/bin/daypass-desktop");
        for theirs in
            ["[Desktop Entry]\nExec=daypass-desktop --practice\n", "", "\u{0}\u{ff}", &format!("# {MARK}")]
        {
            fs::create_dir_all(entry.parent().unwrap()).unwrap();
            fs::write(&entry, theirs).unwrap();
            assert_eq!(write(&entry, Some(program)), Err(Code::AutostartForeign));
            assert_eq!(write(&entry, None), Ok(()));
            assert_eq!(fs::read_to_string(&entry).unwrap(), theirs);
        }
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let (top, _) = entry();
        fs::write(top.path().join("autostart"), "a file where the folder belongs").unwrap();
        let entry = top.path().join("autostart/app.daypass.Daypass.desktop");
        assert_eq!(write(&entry, Some(Path::new("/bin/true"))), Err(Code::AutostartUnwritable));
    }

    #[test]
    fn a_path_is_quoted_as_the_specification_says() {
        // \\$ in the file is \$ in the value, which is $ in the argument.
        assert_eq!(quoted("/a b/$c`\"").unwrap(), r#""/a b/\\$c\\`\\"""#);
        assert_eq!(quoted(r"/a\b").unwrap(), r#""/a\\\\b""#);
        assert_eq!(quoted("/50%u").unwrap(), "\"/50%%u\"");
        assert_eq!(quoted("/a\nExec=evil"), None);
    }
}
