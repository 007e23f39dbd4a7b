//! The export's file: in the person's downloads folder, readable by nobody else, over nothing that is there.

use std::{
    env, fs,
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use daypass_domain::{audit::LogFormat, time::Timestamp};

/// How many exports of one day find a name.
const MOST_OF_A_DAY: u32 = 100;

/// Writes `text`; the path it has then.
pub(super) fn save(format: LogFormat, text: &[u8], now: Timestamp) -> io::Result<String> {
    save_in(&folder()?, format, text, now)
}

fn save_in(folder: &Path, format: LogFormat, text: &[u8], now: Timestamp) -> io::Result<String> {
    let day: String = now.rfc3339().chars().take(10).collect();
    let ending = match format {
        LogFormat::Json => "json",
        LogFormat::Csv => "csv",
    };
    for count in 1..=MOST_OF_A_DAY {
        let again = if count == 1 { String::new() } else { format!("-{count}") };
        let path = folder.join(format!("daypass-activity-{day}{again}.{ending}"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = match file {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            file => file?,
        };
        if let Err(e) = file.write_all(text).and_then(|()| file.sync_all()) {
            fs::remove_file(&path).ok();
            return Err(e);
        }
        return Ok(path.display().to_string());
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// What xdg-user-dirs calls the downloads folder, else the home folder.
fn folder() -> io::Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|p: &PathBuf| p.is_absolute());
    let home = absolute("HOME").ok_or(io::ErrorKind::NotFound)?;
    let config = absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    let dirs = fs::read_to_string(config.join("user-dirs.dirs")).unwrap_or_default();
    let named = absolute("XDG_DOWNLOAD_DIR").or_else(|| downloads(&dirs, &home));
    Ok(named.filter(|folder| folder.is_dir()).unwrap_or(home))
}

/// `XDG_DOWNLOAD_DIR="$HOME/Downloads"`, or an absolute path.
fn downloads(dirs: &str, home: &Path) -> Option<PathBuf> {
    let named = dirs.lines().rev().find_map(|line| line.trim().strip_prefix("XDG_DOWNLOAD_DIR="))?;
    let named = named.trim().strip_prefix('"')?.strip_suffix('"')?;
    let path = match named.strip_prefix("$HOME") {
        Some(rest) => home.join(rest.trim_start_matches('/')),
        None => PathBuf::from(named),
    };
    path.is_absolute().then_some(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_export_is_for_its_person_alone_and_goes_over_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_secs(1_795_348_800);
        let save = |text: &[u8]| save_in(folder.path(), LogFormat::Csv, text, now).unwrap();
        let (first, second) = (save(b"a"), save(b"b"));
        assert!(first.ends_with("/daypass-activity-2026-11-22.csv"), "{first}");
        assert!(second.ends_with("/daypass-activity-2026-11-22-2.csv"), "{second}");
        assert_eq!((fs::read(&first).unwrap(), fs::read(&second).unwrap()), (b"a".to_vec(), b"b".to_vec()));
        assert_eq!(fs::metadata(first).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_downloads_folder_is_the_one_that_the_desktop_names() {
        let home = Path::new("/home/dana");
        let found = |text| downloads(text, home);
        let german = "# comment\nXDG_DESKTOP_DIR=\"$HOME/x\"\nXDG_DOWNLOAD_DIR=\"$HOME/Geladenes\"\n";
        assert_eq!(found(german), Some(home.join("Geladenes")));
        assert_eq!(found("XDG_DOWNLOAD_DIR=\"/data/in\""), Some(PathBuf::from("/data/in")));
        assert_eq!(found("XDG_DOWNLOAD_DIR=\"relative\""), None);
        assert_eq!(found(""), None);
    }
}
