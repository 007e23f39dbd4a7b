//! The terminal the shell runs in, reached past whatever output is redirected to.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::fd::AsRawFd,
};

pub(crate) struct Terminal {
    tty: File,
}

impl Terminal {
    /// None unless a person sits at both ends.
    pub(crate) fn open() -> Option<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let tty = OpenOptions::new().write(true).open("/dev/tty").ok()?;
        Some(Self { tty })
    }

    /// Whether it takes something now, which it does not after Ctrl-S: a writer would be held, too.
    pub(crate) fn has_room(&self) -> bool {
        let mut tty = libc::pollfd { fd: self.tty.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
        #[expect(unsafe_code, reason = "poll writes to the one live struct it is given, and does not wait")]
        let found = unsafe { libc::poll(&raw mut tty, 1, 0) };
        found == 1 && tty.revents & libc::POLLOUT != 0
    }

    /// Writes also while the shell inside has the terminal: SIGTTOU, which would stop us, is blocked meanwhile.
    #[expect(
        unsafe_code,
        reason = "blocks one signal in this thread and restores the mask; sigset_t is plain data"
    )]
    pub(crate) fn write(&self, text: &str) {
        unsafe {
            let mut before: libc::sigset_t = std::mem::zeroed();
            let mut ttou: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut ttou);
            libc::sigaddset(&raw mut ttou, libc::SIGTTOU);
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const ttou, &raw mut before);
            // A terminal that has gone needs no words.
            (&self.tty).write_all(text.as_bytes()).ok();
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        }
    }
}
