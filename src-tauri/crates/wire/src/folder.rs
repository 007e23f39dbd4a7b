//! The folder of the socket: ours alone, or not used.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use daypass_domain::failure::Code;

/// Where the agent's socket is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RuntimeFolder {
    path: PathBuf,
    /// False where `XDG_RUNTIME_DIR` is missing and a folder on disk serves instead.
    pub is_runtime_dir: bool,
}

impl RuntimeFolder {
    /// `$XDG_RUNTIME_DIR/daypass`, else `~/.local/state/daypass/run`. Not created yet.
    ///
    /// # Errors
    /// Neither variable names an absolute path.
    pub fn find() -> Result<Self, Code> {
        Self::from(
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
            std::env::var_os("HOME").map(PathBuf::from),
        )
    }

    fn from(runtime: Option<PathBuf>, home: Option<PathBuf>) -> Result<Self, Code> {
        if let Some(dir) = runtime.filter(|d| d.is_absolute() && d.is_dir()) {
            return Ok(Self { path: dir.join("daypass"), is_runtime_dir: true });
        }
        let home = home.filter(|d| d.is_absolute()).ok_or(Code::SocketFolder)?;
        Ok(Self { path: home.join(".local/state/daypass/run"), is_runtime_dir: false })
    }

    /// The folder at `path`, for tests.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path, is_runtime_dir: true }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path.join("agent.sock")
    }

    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.path.join("agent.lock")
    }

    #[must_use]
    pub fn desktop_socket(&self) -> PathBuf {
        self.path.join("desktop.sock")
    }

    #[must_use]
    pub fn desktop_lock(&self) -> PathBuf {
        self.path.join("desktop.lock")
    }

    /// Makes the folder, 0700.
    ///
    /// # Errors
    /// It can't be made, or what is there is not ours alone.
    pub fn create(&self) -> Result<(), Code> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(|_| Code::SocketFolder)?;
        self.check()
    }

    /// A real folder (no symbolic link), of this user, closed to others.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self) -> Result<(), Code> {
        let found = fs::symlink_metadata(&self.path).map_err(|_| Code::AgentMissing)?;
        let ours = found.is_dir() && found.uid() == uid() && found.permissions().mode().trailing_zeros() >= 6;
        if ours { Ok(()) } else { Err(Code::SocketFolder) }
    }
}

/// This process's user.
#[must_use]
pub fn uid() -> u32 {
    #[expect(unsafe_code, reason = "geteuid has no preconditions and cannot fail")]
    unsafe {
        libc::geteuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_open_to_others_is_refused() {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().join("daypass"));
        folder.create().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(folder.create(), Err(Code::SocketFolder));
    }

    #[test]
    fn a_symbolic_link_in_place_of_the_folder_is_refused() {
        let top = tempfile::tempdir().unwrap();
        let real = top.path().join("elsewhere");
        DirBuilder::new().mode(0o700).create(&real).unwrap();
        std::os::unix::fs::symlink(&real, top.path().join("daypass")).unwrap();
        assert_eq!(RuntimeFolder::at(top.path().join("daypass")).create(), Err(Code::SocketFolder));
    }

    #[test]
    fn without_a_runtime_folder_the_state_folder_serves() {
        let folder = RuntimeFolder::from(None, Some("/home/dana".into())).unwrap();
        assert_eq!(folder.path(), Path::new("/home/dana/.local/state/daypass/run"));
        assert!(!folder.is_runtime_dir);
        assert_eq!(RuntimeFolder::from(None, Some("relative".into())), Err(Code::SocketFolder));
    }
}
