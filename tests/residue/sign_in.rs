//! Signing in as people do, in either way, and with "keep me signed in": the keyring then has what a next start takes up.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
    time::{Instant, sleep, timeout},
};

use crate::{
    keyring::{self, KEPT},
    world::{BETWEEN, PATIENCE, World, ran},
};

const SIGN_IN: [&str; 3] = ["sign-in", "acme", "--keep-signed-in"];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Browser,
    DeviceCode,
}

/// A sign-in whose device code nobody has approved yet.
pub(crate) struct Waiting {
    command: Child,
    url: String,
}

impl World {
    /// Signs in, until every role is listed and the sign-in is kept.
    pub(crate) async fn sign_in(&self, way: Way) -> Result<(), String> {
        match way {
            Way::Browser => {
                self.daypass(&SIGN_IN).await?;
                self.signed_in().await
            }
            Way::DeviceCode => self.ask_for_device_code().await?.approve(self).await,
        }
    }

    pub(crate) async fn ask_for_device_code(&self) -> Result<Waiting, String> {
        let mut command = self.program("daypass");
        command.args(SIGN_IN).args(["--device-code", "--print-url", "--json"]);
        let mut command =
            command.stdout(Stdio::piped()).kill_on_drop(true).spawn().map_err(|error| error.to_string())?;
        let mut line = String::new();
        let mut said = BufReader::new(command.stdout.take().ok_or("no output")?);
        timeout(PATIENCE, said.read_line(&mut line))
            .await
            .map_err(|_| "no device code came".to_owned())?
            .ok();
        let shown: Value = serde_json::from_str(&line).map_err(|_| format!("no device code, but {line}"))?;
        Ok(Waiting { command, url: shown["url"].as_str().unwrap_or_default().to_owned() })
    }

    /// Waits until the agent that came after a killed one has taken up what was kept, and listed the roles anew.
    pub(crate) async fn is_taken_up(&self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // At the moment of the kill nobody answers.
            let status = self.daypass(&["status"]).await.unwrap_or_default();
            let acme = &status["ssoSessions"][0];
            if acme["status"] == "signedIn" && acme["syncedAt"].as_str() >= acme["signedInAt"].as_str() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("no other agent took up the sign-in, but: {status}"));
            }
            sleep(BETWEEN).await;
        }
    }

    async fn signed_in(&self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while self.daypass(&["roles"]).await?.as_array().is_none_or(|roles| roles.len() < 10)
            || keyring::holds(self).await? != KEPT
        {
            if Instant::now() > deadline {
                return Err("the roles are not listed, or the sign-in is not kept".to_owned());
            }
            sleep(BETWEEN).await;
        }
        Ok(())
    }
}

impl Waiting {
    /// Approves it at practice's page.
    pub(crate) async fn approve(mut self, world: &World) -> Result<(), String> {
        let mut browser = world.program("residue");
        browser.args(["browse", &self.url]);
        ran(browser).await?;
        let ended = timeout(PATIENCE, self.command.wait()).await;
        match ended.map_err(|_| "nobody was signed in by the device code".to_owned())? {
            Ok(status) if status.success() => world.signed_in().await,
            other => Err(format!("the sign-in by device code ended with {other:?}")),
        }
    }
}
