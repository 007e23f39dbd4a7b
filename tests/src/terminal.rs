//! A terminal with one of our programs in it: what a person would see there, and type.

use std::{env, num::NonZero, path::PathBuf, process::ExitStatus, time::Duration};

use pty_process::{Command, Pty, Size};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Child,
    time::timeout,
};
use vt100::{Callbacks, Parser, Screen};

const ROWS: u16 = 60;
const COLUMNS: u16 = 160;
/// After so long it will not come any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program of ours of this name, as it was built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let ours = env::current_exe().expect("our own path");
    let path = ours.parent().and_then(|deps| deps.parent()).expect("a folder").join(name);
    assert!(path.exists(), "first: cargo build --workspace --bins");
    path
}

pub struct Terminal {
    pty: Pty,
    child: Child,
    screen: Parser<Title>,
}

#[derive(Default)]
struct Title(String);

impl Callbacks for Title {
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.0 = String::from_utf8_lossy(title).into_owned();
    }
}

impl Terminal {
    #[must_use]
    pub fn start(command: Command) -> Self {
        let (pty, pts) = pty_process::open().expect("a terminal");
        pty.resize(Size::new(ROWS, COLUMNS)).expect("its size");
        let child = command.kill_on_drop(true).spawn(pts).expect("the program starts");
        let side = |length| NonZero::new(length).expect("a screen");
        let screen = Parser::new_with_callbacks(side(ROWS), side(COLUMNS), 0, Title::default());
        Self { pty, child, screen }
    }

    pub async fn types(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).await.expect("it takes keys");
    }

    /// Waits until the line with the cursor is this one.
    pub async fn asks(&mut self, line: &str) {
        self.until(line, |terminal| terminal.cursor_line() == line).await;
    }

    /// Types a line, and waits until the cursor is below, on a line like this.
    pub async fn enter(&mut self, line: &str, then: &str) {
        let row = self.screen.screen().cursor_position().0;
        self.types(&format!("{line}\r")).await;
        self.until(then, |terminal| {
            terminal.screen.screen().cursor_position().0 > row && terminal.cursor_line() == then
        })
        .await;
    }

    /// Waits until the title is this one.
    pub async fn is_called(&mut self, title: &str) {
        self.until(title, |terminal| terminal.title() == title).await;
    }

    /// Waits until a line is this one.
    pub async fn shows(&mut self, line: &str) {
        self.until(line, |terminal| terminal.lines().iter().any(|l| l == line)).await;
    }

    #[must_use]
    pub fn title(&self) -> &str {
        &self.screen.callbacks().0
    }

    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.screen.screen().rows(0, COLUMNS).map(|line| line.trim_end().to_owned()).collect()
    }

    /// Waits for the program's end.
    pub async fn ended(&mut self) -> ExitStatus {
        self.until("the end", |_| false).await;
        self.child.wait().await.expect("how it ended")
    }

    fn cursor_line(&self) -> String {
        self.lines().swap_remove(self.screen.screen().cursor_position().0.into())
    }

    /// Reads until it is so; for `the end`, until there is no more.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let found = timeout(PATIENCE, async {
            let mut bytes = [0; 4096];
            while !is_so(self) {
                // Linux says that the other side is gone by an error.
                let Ok(count) = self.pty.read(&mut bytes).await else { return what == "the end" };
                self.screen.process(bytes.get(..count).unwrap_or_default());
            }
            true
        });
        if found.await != Ok(true) {
            panic!("no `{what}` in `{}`:\n{}", self.title(), self.lines().join("\n").trim_end());
        }
    }
}
