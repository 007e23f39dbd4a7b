//! The one door for secrets: how the command gets a ticket or keys.
//!
//! After a hello with [`Purpose::Reveal`], the client sends one [`Question`]; the agent answers with one
//! frame, read into a locked page and never into a string of its own. A connection that got a
//! ticket stays open as long as its holder lives; the agent sends a byte when the lease changes, and closes it when
//! the lease ends.

use std::time::Duration;

use daypass_domain::failure::{Code, Failure};
use daypass_vault::secret::Secret;
use daypass_wire::{
    client::{PATIENCE, greet},
    folder::RuntimeFolder,
    frame,
    message::Purpose,
};
use serde::{Deserialize, Serialize};
use tokio::{io::AsyncReadExt, net::UnixStream, time::timeout};

/// What is asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    pub session: String,
    pub kind: Kind,
    /// The program it is for, for the record.
    pub program: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The endpoint's address and token for this lease.
    Ticket,
    /// The credentials themselves, by explicit choice.
    Keys,
}

/// The first frame of the answer; after `Granted` follows a frame with the secret part.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    Granted(Grant),
    Refused(Failure),
}

/// What may be shown of a grant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    pub session: String,
    pub account: String,
    pub account_name: String,
    pub role: String,
    pub region: String,
    /// RFC 3339.
    pub lease_end: String,
    /// The endpoint's address for this lease, for a ticket.
    pub url: Option<String>,
    /// Variables that point clients at this SSO session's own services (the practice organisation).
    pub environment: Vec<(String, String)>,
}

/// A grant, its secret part, and the connection to hold while it is used.
///
/// The secret of a ticket is the token; of keys, the JSON that `credential_process` is defined to print.
pub struct Revealed {
    pub grant: Grant,
    pub secret: Secret,
    pub connection: UnixStream,
}

/// Keys of a chained role are issued when they are asked for, and AWS may take its time.
const PATIENCE_FOR_KEYS: Duration = Duration::from_secs(60);

/// Asks the agent for a ticket or keys of one lease.
///
/// # Errors
/// A refusal, or that the agent is gone or silent.
pub async fn reveal(folder: &RuntimeFolder, question: &Question) -> Result<Revealed, Failure> {
    let mut connection = greet(folder, &question.program, Purpose::Reveal).await?;
    let patience = if question.kind == Kind::Keys { PATIENCE_FOR_KEYS } else { PATIENCE };
    let exchange = async {
        frame::write(&mut connection, question).await.map_err(|_| Code::AgentSilent)?;
        let answer: Answer = frame::read(&mut connection).await.map_err(|_| Code::AgentSilent)?;
        let grant = match answer {
            Answer::Granted(grant) => grant,
            Answer::Refused(failure) => return Err(failure),
        };
        let mut length = [0; 4];
        connection.read_exact(&mut length).await.map_err(|_| Code::AgentSilent)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > frame::LONGEST {
            return Err(Code::AgentSilent.into());
        }
        let mut secret = Secret::with_capacity(length).map_err(|_| Code::NoMemory)?;
        connection.read_exact(secret.fill(length)).await.map_err(|_| Code::AgentSilent)?;
        Ok((grant, secret))
    };
    let (grant, secret) = timeout(patience, exchange).await.map_err(|_| Code::AgentSilent)??;
    Ok(Revealed { grant, secret, connection })
}
