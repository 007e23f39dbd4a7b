//! One window per person: a lock decides, and a second start raises the first.

use std::{
    fs::{File, TryLockError},
    io::Write,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
};

use daypass_domain::failure::{Code, Failure};
use daypass_wire::folder::RuntimeFolder;

/// The claim to be the one desktop, held as long as this value or its thread lives.
pub(crate) struct Instance {
    listener: UnixListener,
    _lock: File,
}

impl Instance {
    /// Claims it; `None` where another desktop runs, which has been told to raise its window.
    pub(crate) fn claim(folder: &RuntimeFolder) -> Result<Option<Self>, Failure> {
        folder.create()?;
        let socket = folder.path().join("desktop.sock");
        let lock = File::create(folder.path().join("desktop.lock")).map_err(|_| Code::SocketFolder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                if let Ok(mut first) = UnixStream::connect(socket) {
                    first.write_all(b"raise").ok();
                }
                return Ok(None);
            }
            Err(TryLockError::Error(_)) => return Err(Code::SocketFolder.into()),
        }
        std::fs::remove_file(&socket).ok();
        let listener = UnixListener::bind(&socket).map_err(|_| Code::SocketFolder)?;
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))
            .map_err(|_| Code::SocketFolder)?;
        Ok(Some(Self { listener, _lock: lock }))
    }

    /// Keeps the claim until this process ends, and calls `raise` whenever somebody starts a second desktop.
    pub(crate) fn on_second_start(self, raise: impl Fn() + Send + 'static) {
        std::thread::spawn(move || {
            // Binds the whole of `self`: a closure would take the listener alone and let go of the lock.
            let claim = self;
            for connection in claim.listener.incoming() {
                // What is said does not matter: the folder is ours alone, and a raised window harms nobody.
                if connection.is_ok() {
                    raise();
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_second_start_raises_the_first_and_leaves() {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().join("run"));
        let first = Instance::claim(&folder).unwrap().unwrap();
        let (sender, raised) = mpsc::channel();
        first.on_second_start(move || sender.send(()).unwrap());
        assert!(Instance::claim(&folder).unwrap().is_none());
        raised.recv().unwrap();
    }
}
