//! Executing the agent afresh: the same process and the same socket in new memory, so that what nobody thought of
//! wiping is gone too.
//!
//! The listening socket, the lock and the practice organisation's standard input are inherited by their descriptors;
//! cards and counters go by a sealed memfd, whose number is the one argument. Everything else of the process closes on
//! exec, the inhibitor that makes sleep wait among it: the new image takes another, at once or after the machine woke.
//! The new image is as dumpable as any until it has hardened itself, first thing, before there is a secret.

use std::{
    fs::File,
    io::{Read, Seek, Write},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::{fs::MetadataExt, net::UnixListener, process::CommandExt},
    },
    process::Command,
};

use daypass_domain::{audit::Entry, failure::Code, state::Passed};
use daypass_wire::folder::RuntimeFolder;
use rustix::{
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create},
    io::{FdFlags, fcntl_getfd, fcntl_setfd},
    net::sockopt::socket_acceptconn,
    process::Pid,
};
use serde::{Deserialize, Serialize};

use crate::practice::Practice;

/// What goes from one image to the next.
pub struct Baggage {
    pub passed: Passed,
    /// What the audit log's disk did not take.
    pub unwritten: Vec<Entry>,
    pub listener: UnixListener,
    /// Held.
    pub lock: File,
    pub practice: Option<Practice>,
}

/// The same, as it is written down.
#[derive(Deserialize, Serialize)]
struct Written {
    passed: Passed,
    unwritten: Vec<Entry>,
    listener: RawFd,
    lock: RawFd,
    /// Process id and standard input.
    practice: Option<(i32, RawFd)>,
}

const SEALS: SealFlags =
    SealFlags::WRITE.union(SealFlags::GROW).union(SealFlags::SHRINK).union(SealFlags::SEAL);

impl Baggage {
    /// Becomes the new image; returns only where that failed.
    #[must_use]
    pub fn exec(self) -> std::io::Error {
        let failed = || -> std::io::Result<Command> {
            let memory = self.write_down()?;
            for fd in [Some(memory.as_raw_fd()), Some(self.listener.as_raw_fd()), Some(self.lock.as_raw_fd())]
                .into_iter()
                .chain([self.practice.as_ref().map(|p| p.stdin.as_raw_fd())])
                .flatten()
            {
                keep_over_exec(fd, true)?;
            }
            let mut command = Command::new("/proc/self/exe");
            command.arg("--afresh").arg(memory.as_raw_fd().to_string());
            command.arg0(std::env::args_os().next().unwrap_or_else(|| "daypass-agent".into()));
            // Closed by the exec alone, and by whoever reads it.
            std::mem::forget(memory);
            Ok(command)
        };
        match failed() {
            Ok(mut command) => command.exec(),
            Err(error) => error,
        }
    }

    fn write_down(&self) -> std::io::Result<File> {
        let written = Written {
            passed: self.passed.clone(),
            unwritten: self.unwritten.clone(),
            listener: self.listener.as_raw_fd(),
            lock: self.lock.as_raw_fd(),
            practice: self.practice.as_ref().map(|p| (p.pid.as_raw_nonzero().get(), p.stdin.as_raw_fd())),
        };
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut memory = File::from(memfd_create("daypass-afresh", flags)?);
        memory.write_all(&serde_json::to_vec(&written)?)?;
        fcntl_add_seals(&memory, SEALS)?;
        Ok(memory)
    }

    /// Takes up what the image before left at this descriptor.
    ///
    /// # Errors
    /// It is nothing that this program has left: not sealed memory, no listener at our socket, not our lock.
    pub fn take_up(number: RawFd, folder: &RuntimeFolder) -> Result<Self, Code> {
        let left = || -> Option<Self> {
            let mut memory = File::from(inherited(number)?);
            fcntl_get_seals(&memory).ok()?.contains(SEALS).then_some(())?;
            let mut text = Vec::new();
            memory.rewind().ok()?;
            memory.read_to_end(&mut text).ok()?;
            let written: Written = serde_json::from_slice(&text).ok()?;
            let listener = UnixListener::from(inherited(written.listener)?);
            let is_ours = listener.local_addr().ok()?.as_pathname() == Some(folder.socket().as_path());
            (is_ours && socket_acceptconn(&listener).ok()?).then_some(())?;
            let lock = File::from(inherited(written.lock)?);
            let (held, there) = (lock.metadata().ok()?, std::fs::metadata(folder.lock()).ok()?);
            ((held.dev(), held.ino()) == (there.dev(), there.ino())).then_some(())?;
            // A lock belongs to what was opened: to have it still is to get it again.
            lock.try_lock().ok()?;
            let practice = match written.practice {
                Some((pid, stdin)) => Some(Practice { pid: Pid::from_raw(pid)?, stdin: inherited(stdin)? }),
                None => None,
            };
            let Written { passed, unwritten, .. } = written;
            Some(Self { passed, unwritten, listener, lock, practice })
        };
        // The kernel calls it after the link it was executed by; lists of processes show it by its own name.
        rustix::thread::set_name(c"daypass-agent").ok();
        left().ok_or(Code::Internal)
    }
}

/// An open descriptor that nothing in this image has, ours from now on, and not the next image's.
fn inherited(number: RawFd) -> Option<OwnedFd> {
    (number > 2).then_some(())?;
    keep_over_exec(number, false).ok()?;
    #[expect(
        unsafe_code,
        reason = "it is open, as was just seen, and nothing has been opened by this image yet"
    )]
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Whether the next image gets this descriptor.
fn keep_over_exec(number: RawFd, keeps: bool) -> std::io::Result<()> {
    #[expect(unsafe_code, reason = "borrowed for this call alone, which fails where it is not open")]
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
    let flags = fcntl_getfd(fd)?;
    fcntl_setfd(fd, if keeps { flags - FdFlags::CLOEXEC } else { flags | FdFlags::CLOEXEC })?;
    Ok(())
}
