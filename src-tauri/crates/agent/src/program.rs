//! Which program of this machine is at the other end of a loopback connection.

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
