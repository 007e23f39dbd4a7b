//! Which program of this machine is at the other end of a connection.

use std::{
    fs,
    path::{Path, PathBuf},
};

use daypass_aws::door::Peer;
use daypass_domain::audit::Program;

/// The program that has the socket open, as far as the system lets us look: those of the same person.
///
/// Goes through the descriptors of processes, the youngest first, for it is mostly one that has just been started.
#[must_use]
pub fn at(peer: Peer) -> Option<Program> {
    let socket = PathBuf::from(format!("socket:[{}]", peer.inode));
    let pid_of = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<i32>().ok();
    let mut pids: Vec<i32> = fs::read_dir("/proc").ok()?.flatten().filter_map(pid_of).collect();
    pids.sort_unstable_by(|a, b| b.cmp(a));
    pids.into_iter().find(|pid| has_open(*pid, &socket)).map(named)
}

/// A process by what it calls itself.
#[must_use]
pub fn named(pid: i32) -> Program {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    Program::new(String::from_utf8_lossy(&name).trim_end_matches('\n'), pid)
}

/// Whether a process runs our program of this name: the one in the agent's own folder, or the agent itself with a
/// client in it, as tests have it. One that was replaced on the disk since it began still counts.
#[must_use]
pub fn is_ours(pid: i32, name: &str) -> bool {
    let at = |pid: &str| fs::read_link(format!("/proc/{pid}/exe")).ok();
    let (Some(it), Some(us)) = (at(&pid.to_string()), at("self")) else { return false };
    let whole = |path: &Path| path.to_string_lossy().trim_end_matches(" (deleted)").to_owned();
    let (it, us) = (whole(&it), whole(&us));
    it == us || Path::new(&us).with_file_name(name) == Path::new(&it)
}

fn has_open(pid: i32, socket: &Path) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|at| at == socket))
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, TcpListener, TcpStream},
        os::{fd::AsFd, unix::fs::MetadataExt},
    };

    use super::*;

    #[test]
    fn a_program_is_ours_by_its_file_and_not_by_its_name() {
        assert!(is_ours(std::process::id().cast_signed(), "daypass-desktop"));
        let folder = tempfile::tempdir().unwrap();
        let named_alike = folder.path().join("daypass-desktop");
        fs::copy("/bin/sleep", &named_alike).unwrap();
        let mut other = std::process::Command::new(&named_alike).arg("60").spawn().unwrap();
        assert!(!is_ours(other.id().cast_signed(), "daypass-desktop"));
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn the_program_that_holds_a_socket_is_found_by_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let copy = fs::File::from(client.as_fd().try_clone_to_owned().unwrap());
        let peer = Peer { inode: copy.metadata().unwrap().ino() };
        let found = at(peer).unwrap();
        assert_eq!(found.pid, std::process::id().cast_signed());
        assert!(!found.name.is_empty());
        drop((client, copy));
        assert_eq!(at(peer), None);
    }
}
