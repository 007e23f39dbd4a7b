//! One desktop per person: a lock decides, and a second start calls the first.

use std::{
    fs::{File, Permissions, TryLockError},
    io::ErrorKind,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    thread::sleep,
    time::Duration,
};

use daypass_domain::failure::{Code, Failure};
use daypass_wire::{desktop::Call, folder::RuntimeFolder};

/// How often, and after what time, one tries to reach a desktop that has the lock and does not listen yet.
const TRIES: u32 = 150;
const BETWEEN: Duration = Duration::from_millis(20);

/// The claim to be the one desktop, held as long as this value or its thread lives.
pub(crate) struct Instance {
    listener: UnixListener,
    _lock: File,
}

impl Instance {
    /// Claims it; `None` where another desktop runs, which has been called if there was something to say.
    pub(crate) fn claim(folder: &RuntimeFolder, call: Option<&Call>) -> Result<Option<Self>, Failure> {
        folder.create()?;
        let lock = File::create(folder.desktop_lock()).map_err(|_| Code::SocketFolder)?;
        for _ in 0..TRIES {
            match lock.try_lock() {
                Ok(()) => return Self::listen(folder, lock).map(Some),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(_)) => return Err(Code::SocketFolder.into()),
            }
            match call.map_or(Ok(()), |call| call.say(folder)) {
                Ok(()) => return Ok(None),
                // It has heard, and has its hands full.
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(None),
                // It has only begun, or is about to leave.
                Err(_) => {}
            }
            sleep(BETWEEN);
        }
        Ok(None)
    }

    fn listen(folder: &RuntimeFolder, lock: File) -> Result<Self, Failure> {
        let socket = folder.desktop_socket();
        std::fs::remove_file(&socket).ok();
        let listener = UnixListener::bind(&socket).map_err(|_| Code::SocketFolder)?;
        std::fs::set_permissions(&socket, Permissions::from_mode(0o600)).map_err(|_| Code::SocketFolder)?;
        Ok(Self { listener, _lock: lock })
    }

    /// Keeps the claim until this process ends, and hands on what the desktop is called for.
    pub(crate) fn on_call(self, act: impl Fn(Call) + Send + 'static) {
        std::thread::spawn(move || {
            // Binds the whole of `self`: a closure would take the listener alone and let go of the lock.
            let claim = self;
            for caller in claim.listener.incoming().flatten() {
                if let Some(call) = Call::hear(&caller) {
                    act(call);
                    Call::was_heard(&caller);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        os::unix::net::UnixStream,
        sync::{Arc, Barrier, mpsc},
    };

    use daypass_wire::desktop::Errand;

    use super::*;

    fn folder() -> (tempfile::TempDir, RuntimeFolder) {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().join("run"));
        (top, folder)
    }

    #[test]
    fn a_second_start_says_what_it_is_for_and_leaves() {
        let (_top, folder) = folder();
        let first = Instance::claim(&folder, None).unwrap().unwrap();
        let (sender, called) = mpsc::channel();
        first.on_call(move |call| sender.send(call).unwrap());
        // What nobody knows, and a caller that says nothing, are passed over.
        UnixStream::connect(folder.desktop_socket()).unwrap().write_all(b"fly \n").unwrap();
        drop(UnixStream::connect(folder.desktop_socket()).unwrap());
        assert!(Instance::claim(&folder, None).unwrap().is_none(), "a hidden start has nothing to say");
        for errand in [Errand::Switcher, Errand::Raise] {
            let call = Call::new(errand, Some("token".to_owned()));
            assert!(Instance::claim(&folder, Some(&call)).unwrap().is_none());
            assert_eq!(called.recv().unwrap(), call);
        }
    }

    #[test]
    fn of_twenty_simultaneous_starts_one_lives_and_hears_the_others() {
        let (_top, folder) = folder();
        let (sender, called) = mpsc::channel();
        let together = Arc::new(Barrier::new(20));
        let starts: Vec<_> = (0..20)
            .map(|_| {
                let (folder, sender, together) = (folder.clone(), sender.clone(), Arc::clone(&together));
                std::thread::spawn(move || {
                    together.wait();
                    let claim = Instance::claim(&folder, Some(&Call::new(Errand::Switcher, None))).unwrap();
                    claim.map(|claim| claim.on_call(move |call| sender.send(call).unwrap())).is_some()
                })
            })
            .collect();
        let lived = starts.into_iter().map(|s| s.join().unwrap()).filter(|lives| *lives).count();
        assert_eq!(lived, 1);
        for _ in 0..19 {
            assert_eq!(called.recv().unwrap().errand, Errand::Switcher);
        }
    }

    #[test]
    fn what_a_desktop_left_behind_that_was_killed_is_taken_over() {
        let (_top, folder) = folder();
        drop(Instance::claim(&folder, None).unwrap().unwrap());
        assert!(folder.desktop_socket().exists());
        assert!(Instance::claim(&folder, Some(&Call::new(Errand::Raise, None))).unwrap().is_some());
    }

    #[test]
    fn a_start_while_the_first_is_on_its_way_out_takes_its_place() {
        let (_top, folder) = folder();
        let first = Instance::claim(&folder, None).unwrap().unwrap();
        let leaving = std::thread::spawn(move || {
            let connection = first.listener.accept().unwrap();
            drop((first, connection));
        });
        let call = Call::new(Errand::Raise, None);
        assert!(Instance::claim(&folder, Some(&call)).unwrap().is_some());
        leaving.join().unwrap();
    }
}
