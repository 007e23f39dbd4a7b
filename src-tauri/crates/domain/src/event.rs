//! What the world does (events) and what the agent has to do about it (effects).
//!
//! Events say *that* credentials exist. The credentials themselves never come here.

use crate::{
    audit::Program,
    catalog::{Catalog, Habit},
    chain::{ExternalId, RoleArn, SessionName, Tag},
    failure::Code,
    ids::{AccountId, Region, RoleName, RoleRef, SessionId, SsoSessionName},
    organisation::Organisation,
    request::Pass,
    scope::compile::SessionPolicy,
    settings::{Settings, Way},
    sso::SsoSession,
    time::{Expiration, Seconds},
    view::DeviceView,
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
    /// The browser came back; what it brought is being redeemed.
    BrowserCame {
        attempt: u32,
    },
    /// The sign-in waits for the person to approve this device code.
    DeviceCode {
        attempt: u32,
        device: DeviceView,
    },
    SignedIn {
        attempt: u32,
    },
    SignInFailed {
        attempt: u32,
        code: Code,
    },
    /// The SSO token was refreshed; the refresh token from before is dead.
    Refreshed {
        sso_session: SsoSessionName,
    },
    /// AWS no longer accepts the sign-in of this SSO session.
    Lapsed {
        sso_session: SsoSessionName,
    },
    /// The sign-in kept in the keyring is good.
    Restored {
        sso_session: SsoSessionName,
    },
    /// There was none, or it is no longer good; `code` where the keyring or the way is the trouble.
    NotRestored {
        sso_session: SsoSessionName,
        code: Option<Code>,
    },
    /// What the keyring did when it was last asked to keep or drop a sign-in.
    Keyring {
        sso_session: SsoSessionName,
        trouble: Option<Code>,
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
        /// The last four characters of the access key id.
        key_id_end: String,
    },
    /// Credentials for the console or `env` were issued, which can't renew; they are not kept.
    IssuedLasting {
        session: SessionId,
        expiration: Expiration,
        key_id_end: String,
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
    /// The session's pages are zeroed and released; so many held its ticket and are told.
    Wiped {
        session: SessionId,
        pages: u32,
        clients: u32,
    },
    /// The settings file was read, or written; `trouble` where it could not be.
    SettingsFile {
        trouble: Option<Code>,
    },
    /// The person changed the settings file.
    SettingsRead {
        settings: Box<Settings>,
    },
    /// The organisation's file was read; None where it could not be understood, and what it said before holds.
    OrganisationRead {
        organisation: Option<Box<Organisation>>,
    },
    /// AWS's clock as its answers tell, in milliseconds ahead of ours.
    Skew {
        millis: i64,
    },
    /// What the desktop does that may end leases.
    Desktop(Desktop),
    /// What the agent watches for that, or can't.
    Watching {
        what: Watched,
        works: bool,
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
    /// A program fetched credentials from the endpoint.
    Served {
        session: SessionId,
        program: Program,
    },
    /// A ticket or the credentials themselves went through the door for secrets.
    Revealed {
        session: SessionId,
        what: Revealed,
        program: Program,
    },
    /// The audit log was written, or could not be.
    Log {
        trouble: Option<Code>,
    },
    /// Whether the kernel gives the kind of memory that the settings want.
    Memory {
        works: bool,
    },
}

/// What went through the door for secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Revealed {
    Ticket,
    Keys,
}

/// What the desktop tells of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Desktop {
    ScreenLocked,
    ScreenUnlocked,
    /// The machine is about to sleep.
    Sleeps,
    /// Another user's session is in front.
    UserSwitched,
    /// Nobody has touched keyboard or mouse for as long as the settings say.
    Idle,
}

/// What the desktop's news come from.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Watched {
    /// A screen saver on the session bus.
    ScreenSaver,
    /// A desktop that has logind know of a locked screen.
    LockedHint,
    /// logind, for sleep and user switches.
    Logind,
    /// logind's promise to let us wipe before it sleeps.
    SleepDelay,
    /// Whoever knows when there last was input.
    Idle,
}

/// Something to do. All but `Wipe` run as tasks and report back by events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Effect {
    SignIn {
        sso: Box<SsoSession>,
        attempt: u32,
        way: Way,
        /// The keyring may have a sign-in; only without one the person is asked.
        kept: bool,
    },
    AbandonSignIn,
    /// Take up the sign-in kept in the keyring.
    Restore {
        sso: Box<SsoSession>,
    },
    /// Put the sign-in into the keyring.
    Keep {
        sso: Box<SsoSession>,
    },
    /// Take it out of the keyring.
    Forget {
        sso: Box<SsoSession>,
    },
    /// Drop the SSO token here, in the keyring and at the portal.
    SignOut {
        sso: Box<SsoSession>,
    },
    /// Drop the SSO token here alone: the sign-in may be taken up again from the keyring.
    DropToken {
        sso: Box<SsoSession>,
    },
    Sync {
        sso: Box<SsoSession>,
    },
    Issue {
        session: SessionId,
        issue: Box<Issue>,
    },
    /// At once: zero the session's pages, forget its ticket, drop its connections.
    Wipe {
        session: SessionId,
    },
    StartPractice,
    /// Write down what is remembered between runs.
    Remember,
    /// Write the settings file.
    SaveSettings,
    /// Read the organisation's files, this one among them from now on.
    ReadOrganisation {
        file: Option<String>,
    },
    Quit,
    /// Execute the agent afresh once nothing secret is left: with its memory goes what nobody thought of.
    Afresh,
}

/// How to get credentials.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issue {
    pub sso: SsoSession,
    pub role: RoleRef,
    pub region: Region,
    /// Nobody knows yet who signed in.
    pub identify: bool,
    /// What to assume from there, in order; the last one's credentials are the session's.
    pub assumes: Vec<Assume>,
}

/// One AssumeRole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assume {
    pub role: RoleArn,
    pub external_id: Option<ExternalId>,
    /// Made from the person's own where none is given.
    pub session_name: Option<SessionName>,
    pub tags: Vec<Tag>,
    pub source_identity: Option<SessionName>,
    pub policy: SessionPolicy,
    /// `DurationSeconds`; AWS gives an hour where there is none.
    pub duration: Option<Seconds>,
}

/// What is kept between runs. No secret.
#[derive(Clone, Debug, Default)]
pub struct Remembered {
    pub habits: Vec<(RoleRef, Habit)>,
    pub catalogs: Vec<(SsoSessionName, Catalog)>,
    pub passes: Vec<Pass>,
}
