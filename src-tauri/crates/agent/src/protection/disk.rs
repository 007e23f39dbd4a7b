//! Our own files, read for secrets, and the modes of the folder and the socket.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use daypass_domain::protection::{Disk, Finding, Socket};
use daypass_vault::{
    needle::{Copies, OVERLAP},
    page::Pages,
};
use daypass_wire::folder::{RuntimeFolder, uid};
use zeroize::Zeroize;

use crate::{
    protection::memory::status,
    secrets::Secrets,
    self_check::{Sought, Whose},
};

/// How much is read at a time.
const PART: usize = 256 * 1024;
/// Files that are longer are not ours, whoever put them there.
const LONGEST: u64 = 64 * 1024 * 1024;
/// As many folders deep as ours go, and more.
const DEEPEST: u8 = 6;

/// Reads every file in `places` for what is held and what was.
pub(super) fn disk(secrets: &Secrets, places: &[PathBuf], in_keyring: bool) -> Finding {
    let sought = Sought::of(secrets, &[]);
    let mut disk = Disk { in_keyring, ..Disk::default() };
    let Ok(mut buffer) = Pages::with_capacity(PART) else {
        return Finding::Disk(Disk { unread: 1, ..disk });
    };
    let mut files = BTreeSet::new();
    for place in places {
        list(place, DEEPEST, &mut files);
    }
    for path in files {
        match look(&path, &sought, &mut buffer) {
            Some(found) => {
                disk.files += 1;
                disk.found += found;
            }
            // One that has gone since holds nothing.
            None if !path.exists() => {}
            None => disk.unread += 1,
        }
    }
    buffer.bytes_mut().zeroize();
    Finding::Disk(disk)
}

/// The files below, no link followed.
fn list(folder: &Path, deeper: u8, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && deeper > 0 => list(&entry.path(), deeper - 1, files),
            Ok(kind) if kind.is_file() => drop(files.insert(entry.path())),
            _ => {}
        }
    }
}

fn look(path: &Path, sought: &Sought, buffer: &mut Pages) -> Option<u32> {
    let mut file =
        File::options().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path).ok()?;
    if file.metadata().ok()?.len() > LONGEST {
        return None;
    }
    let mut copies = Copies::default();
    let (mut start, mut kept) = (0, 0);
    loop {
        let read = file.read(&mut buffer.bytes_mut()[kept..PART]).ok()?;
        if read == 0 {
            return Some(copies.of(()));
        }
        let filled = kept + read;
        sought.needles.look(&buffer.bytes()[..filled], |end, whose| {
            if whose != Whose::Control {
                copies.see(start + end, ());
            }
        });
        let keeps = filled.min(OVERLAP);
        buffer.bytes_mut().copy_within(filled - keeps..filled, 0);
        (start, kept) = (start + filled - keeps, keeps);
    }
}

/// Who can reach the socket.
pub(super) fn socket(folder: &RuntimeFolder) -> Finding {
    let is_private = folder.check().is_ok()
        && fs::symlink_metadata(folder.socket())
            .is_ok_and(|socket| socket.uid() == uid() && socket.permissions().mode() & 0o777 == 0o600);
    let umask = status("Umask:").and_then(|mask| u32::from_str_radix(&mask, 8).ok());
    Finding::Socket(Socket { is_private, is_runtime_dir: folder.is_runtime_dir, umask })
}

#[cfg(test)]
mod tests {
    use daypass_domain::ids::SessionId;

    use super::*;
    use crate::secrets::Ticket;

    fn found(secrets: &Secrets, place: &Path) -> Disk {
        let Finding::Disk(disk) = disk(secrets, &[place.to_owned()], false) else {
            panic!("another finding")
        };
        disk
    }

    #[test]
    fn a_secret_in_a_file_is_found_wherever_it_stands() {
        let secrets = Secrets::default();
        let id: SessionId = "abcdefgh".parse().unwrap();
        secrets.tickets.put(id.clone(), Ticket::new().unwrap());
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("deeper")).unwrap();
        fs::write(top.path().join("a"), "nothing").unwrap();
        assert_eq!(found(&secrets, top.path()), Disk { files: 1, ..Disk::default() });
        let token = secrets.tickets.lend(&id).unwrap().token.with(<[u8]>::to_vec);
        fs::write(top.path().join("deeper/b"), [&vec![b' '; PART - 20], &token[..]].concat()).unwrap();
        assert_eq!(found(&secrets, top.path()), Disk { files: 2, found: 1, ..Disk::default() });
        secrets.tickets.take(&id);
        assert!(found(&secrets, top.path()).found > 0, "it has gone, and still is a secret of the past");
    }

    #[test]
    fn a_socket_open_to_others_is_not_private() {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().join("daypass"));
        folder.create().unwrap();
        let is_private = || match socket(&folder) {
            Finding::Socket(found) => found.is_private,
            _ => panic!("another finding"),
        };
        assert!(!is_private(), "there is none");
        let _listener = std::os::unix::net::UnixListener::bind(folder.socket()).unwrap();
        fs::set_permissions(folder.socket(), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!is_private());
        fs::set_permissions(folder.socket(), fs::Permissions::from_mode(0o600)).unwrap();
        assert!(is_private());
    }
}
