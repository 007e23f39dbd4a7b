//! What the world does (events) and what the agent has to do about it (effects).
//!
//! Events say *that* credentials exist. The credentials themselves never come here.

use crate::{
    catalog::{Catalog, Habit},
    failure::Code,
    ids::{AccountId, Region, RoleName, RoleRef, SessionId, SsoSessionName},
    sso::SsoSession,
    time::Expiration,
};

/// Something that happened. It can't be refused.
#[derive(Clone, Debug)]
pub enum Event {
    /// Time has passed; deadlines are looked at.
    Tick,
    /// The sign-in waits for the person in the browser.
    BrowserWanted {
        attempt: u32,
    },
    SignedIn {
        attempt: u32,
    },
    SignInFailed {
        attempt: u32,
        code: Code,
    },
    /// AWS no longer accepts the sign-in of this SSO session.
    Lapsed {
        sso_session: SsoSessionName,
    },
    /// All accounts are known; their roles follow.
    AccountsListed {
        sso_session: SsoSessionName,
        accounts: Vec<(AccountId, String)>,
    },
    RolesListed {
        sso_session: SsoSessionName,
        account: AccountId,
        roles: Vec<RoleName>,
    },
    /// The sync has done what it could; so many accounts failed.
    Synced {
        sso_session: SsoSessionName,
        failed: u32,
    },
    SyncFailed {
        sso_session: SsoSessionName,
        code: Code,
    },
    /// Credentials for this session are in the vault.
    Issued {
        session: SessionId,
        expiration: Expiration,
    },
    /// The system refused to lock the pages of some credentials.
    NotLocked,
    IssueFailed {
        session: SessionId,
        code: Code,
    },
    /// Who signed in, as STS tells.
    Identified {
        sso_session: SsoSessionName,
        identity: String,
    },
    /// The session's pages are zeroed and released.
    Wiped {
        session: SessionId,
        pages: u32,
    },
    PracticeReady {
        sso: Box<SsoSession>,
    },
    PracticeFailed {
        code: Code,
    },
    PracticeEnded,
    /// What the endpoint does now.
    Endpoint {
        listening: bool,
        clients: u32,
    },
}

/// Something to do. All but `Wipe` run as tasks and report back by events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Effect {
    SignIn {
        sso: Box<SsoSession>,
        attempt: u32,
    },
    AbandonSignIn,
    /// Drop the SSO token here and at the portal.
    SignOut {
        sso: Box<SsoSession>,
    },
    Sync {
        sso: Box<SsoSession>,
    },
    Issue {
        sso: Box<SsoSession>,
        session: SessionId,
        role: RoleRef,
        region: Region,
        identify: bool,
    },
    /// At once: zero the session's pages, forget its ticket, drop its connections.
    Wipe {
        session: SessionId,
    },
    StartPractice,
    /// Write down what is remembered between runs.
    Remember,
    Quit,
}

/// What is kept between runs. No secret.
#[derive(Clone, Debug, Default)]
pub struct Remembered {
    pub habits: Vec<(RoleRef, Habit)>,
    pub catalogs: Vec<(SsoSessionName, Catalog)>,
    /// SSO sessions the person typed.
    pub typed: Vec<SsoSession>,
}
