//! One window per person: a lock decides, and a second start raises the first.

use std::{
    fs::{File, TryLockError},
    io::{Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    time::Duration,
};

use daypass_domain::failure::{Code, Failure};
use daypass_wire::folder::RuntimeFolder;

/// How long a first one may take to raise its window.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often, and how long apart, one that does not raise its window is looked at: it should be gone by then.
const LOOKS: (u32, Duration) = (100, Duration::from_millis(20));

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
        let mut looks = 0..LOOKS.0;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if has_raised(&socket) || looks.next().is_none() => {
                    return Ok(None);
                }
                // Its window is closed and it is on its way out: it lets go in a moment.
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOOKS.1),
                Err(TryLockError::Error(_)) => return Err(Code::SocketFolder.into()),
            }
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
            for mut second in claim.listener.incoming().flatten() {
                // What is said does not matter: the folder is ours alone, and a raised window harms nobody.
                raise();
                second.write_all(b"raised").ok();
            }
        });
    }
}

/// Has the first one raise its window; false where it does not say that it did.
fn has_raised(socket: &Path) -> bool {
    let Ok(mut first) = UnixStream::connect(socket) else { return false };
    first.set_read_timeout(Some(PATIENCE)).ok();
    first.read(&mut [0]).is_ok_and(|length| length > 0)
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

    #[test]
    fn a_start_while_the_first_is_on_its_way_out_takes_its_place() {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().join("run"));
        let first = Instance::claim(&folder).unwrap().unwrap();
        let leaving = std::thread::spawn(move || {
            let connection = first.listener.accept().unwrap();
            drop((first, connection));
        });
        assert!(Instance::claim(&folder).unwrap().is_some());
        leaving.join().unwrap();
    }
}
