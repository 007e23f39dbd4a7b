//! How this process protects itself, and how it lets its children be as the person had it.

use std::process::Command;

/// What hardening changed and a child gets back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posture {
    core: Option<libc::rlimit>,
}

/// Hardens this process. The umask stays the person's: we write no file, and children inherit it.
#[expect(unsafe_code, reason = "umask cannot fail; getrlimit fills the struct it is given")]
pub(crate) fn harden() -> Posture {
    unsafe {
        let mut core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let known = libc::getrlimit(libc::RLIMIT_CORE, &raw mut core) == 0;
        let umask = libc::umask(0o077);
        // What cannot be had here is not worth refusing to work for: the agent says it in its view.
        let _ = daypass_vault::harden::harden();
        libc::umask(umask);
        Posture { core: known.then_some(core) }
    }
}

impl Posture {
    /// Gives `command` the person's core limit back, as far as the system allows raising it again.
    pub(crate) fn restore_in(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        let Some(core) = self.core else { return };
        #[expect(
            unsafe_code,
            reason = "setrlimit is async-signal-safe and all that runs between fork and exec"
        )]
        unsafe {
            command.pre_exec(move || {
                libc::setrlimit(libc::RLIMIT_CORE, &raw const core);
                Ok(())
            });
        }
    }
}
