//! What clients see of the state. Holds no secret: nothing here can.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    catalog::Environment,
    chain::{Hop, Labels},
    desktop::DesktopView,
    failure::Failure,
    ids::{AccountId, Region, RoleName, RoleRef, SessionId, SsoSessionName},
    request::{Open, Pass},
    scope::Scope,
    settings::{Colour, Settings, Way},
    sso::Source,
    time::{Expiration, Seconds, Timestamp},
};

/// Everything a window, a tray or the command shows, as of `now`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// The agent's clock when this view was sent; clients count on from it.
    pub now: Timestamp,
    /// How far local time is ahead of UTC, in seconds.
    pub utc_offset: i32,
    pub sso_sessions: Vec<SsoSessionView>,
    pub sign_in: Option<SignInView>,
    /// Why the last sign-in failed, until the next one or until dismissed.
    pub notice: Option<NoticeView>,
    /// Newest first.
    pub sessions: Vec<SessionView>,
    /// Favourites, then what was used lately: roles to be had with one click.
    pub quick: Vec<QuickView>,
    /// Requests kept under names.
    pub passes: Vec<Pass>,
    /// Grows whenever the role list changes; fetch the catalogue anew then.
    #[ts(type = "number")]
    pub catalog_revision: u64,
    pub endpoint: EndpointView,
    pub today: TodayView,
    /// What protects less than it should on this machine, in sentences.
    pub degraded: Vec<String>,
    /// What is wrong with this machine or the settings, for as long as it is.
    pub standing: Vec<Failure>,
    pub settings: Settings,
    /// What the desktop's program adds for its windows; the agent leaves it out.
    #[serde(default)]
    pub desktop: Option<DesktopView>,
    /// Grows with every entry of the audit log.
    #[serde(default)]
    #[ts(type = "number")]
    pub log_revision: u64,
}

/// A role to be had with one click: asked for and opened as it was last.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QuickView {
    #[serde(flatten)]
    pub role: RoleRef,
    pub account_name: String,
    pub environment: Option<Environment>,
    pub colour: Option<Colour>,
    /// Else it was used lately.
    pub favourite: bool,
    pub duration: Seconds,
    pub open: Open,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SsoSessionView {
    pub name: SsoSessionName,
    pub start_url: String,
    pub region: Region,
    pub source: Source,
    pub status: SignInStatus,
    /// When the person signed in. AWS never tells when the SSO session ends.
    pub signed_in_at: Option<Timestamp>,
    /// Who signed in, known after the first issue.
    pub identity: Option<String>,
    pub colour: Option<Colour>,
    /// `aws`, `aws-us-gov`, `aws-cn` or `aws-eusc`, by its Region.
    pub partition: String,
    /// How it is signed in to where nobody says otherwise.
    pub way: Way,
    pub keep_signed_in: bool,
    /// Why the keyring keeps nothing where it should, why what it keeps was not taken up, or that it may keep what it
    /// should not.
    pub keyring: Option<Failure>,
    pub catalog: CatalogView,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SignInStatus {
    SignedOut,
    /// The sign-in kept in the keyring is being taken up.
    Restoring,
    SignedIn,
    /// AWS no longer accepts the sign-in.
    Lapsed,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CatalogView {
    pub accounts: u32,
    pub roles: u32,
    pub synced_at: Option<Timestamp>,
    pub progress: Option<Progress>,
    /// Accounts whose roles could not be listed in the last sync; the others are shown.
    pub failed_accounts: u32,
    pub failure: Option<Failure>,
    /// What came and went since the person last looked; None where nothing did.
    pub changes: Option<ChangesView>,
}

#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangesView {
    pub came: u32,
    pub went: u32,
    /// The first of them, those that came before those that went.
    pub some: Vec<ChangeView>,
}

/// A role that came or went.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    pub came: bool,
    pub account: AccountId,
    pub account_name: String,
    pub role: RoleName,
}

/// A sync under way: accounts whose roles are listed, of all; 0 of 0 while the accounts are being listed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub done: u32,
    pub total: u32,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SignInView {
    pub sso_session: SsoSessionName,
    /// Counts sign-ins, so that a client knows its own.
    pub attempt: u32,
    pub way: Way,
    pub stage: Stage,
    /// What to compare and where to go, once the stage is `deviceCode`.
    pub device: Option<DeviceView>,
    pub started_at: Timestamp,
    /// Where it takes long: what to check.
    pub hint: Option<Failure>,
}

/// A device code as a person uses it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// To be compared with the one the browser shows.
    pub user_code: String,
    /// Where to type it.
    pub url: String,
    pub expires_at: Timestamp,
}

/// How far a sign-in is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Registering with Identity Center.
    Starting,
    /// Waiting for the person in the browser; `Intent::SignInUrl` gives the address.
    Browser,
    /// The browser came back: waiting for Identity Center's answer.
    Finishing,
    /// Waiting for the person to approve the device code, in any browser.
    DeviceCode,
}

impl Stage {
    /// Whether `Intent::SignInUrl` gives an address.
    #[must_use]
    pub fn has_address(self) -> bool {
        matches!(self, Self::Browser | Self::DeviceCode)
    }
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NoticeView {
    pub sso_session: Option<SsoSessionName>,
    pub failure: Failure,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    pub session: SessionId,
    #[serde(flatten)]
    pub role: RoleRef,
    pub account_name: String,
    pub environment: Option<Environment>,
    pub colour: Option<Colour>,
    pub region: Region,
    pub reason: Option<String>,
    pub scope: Scope,
    /// The chained roles it went through.
    pub path: Vec<Hop>,
    pub labels: Labels,
    pub phase: Phase,
    pub requested_at: Timestamp,
    /// The last duration asked for; Renew asks for it again.
    pub duration: Seconds,
    /// When we forget. None until issued.
    pub lease_end: Option<Timestamp>,
    /// When AWS stops accepting the last of what was issued.
    pub expiration: Option<Expiration>,
    /// Why it failed, or why issuing anew fails while the lease still lives.
    pub failure: Option<Failure>,
    pub ended: Option<EndedView>,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    Requesting,
    Active,
    /// Live, with 5 minutes or less left.
    Expiring,
    Ended,
    Failed,
}

impl Phase {
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::Expiring)
    }
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EndedView {
    pub at: Timestamp,
    pub why: Why,
    /// Locked pages zeroed and released.
    pub wiped_pages: u32,
    /// Until when AWS accepts the newest credentials issued; None where it no longer does.
    pub aws_accepts_until: Option<Timestamp>,
    /// Shells and commands that held its ticket, and were told and cut off.
    pub clients_told: u32,
    /// The last four characters of the access key id that AWS accepts longest: as CloudTrail shows it.
    pub key_id_end: Option<String>,
}

/// Why a lease ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// On time.
    LeaseEnd,
    /// By hand.
    Ended,
    SignedOut,
    /// The credentials expired and could not be issued anew.
    NotIssuedAnew,
    /// The practice organisation stopped.
    PracticeEnded,
    Quit,
    Sleep,
    UserSwitch,
    ScreenLock,
    /// Nobody touched keyboard or mouse.
    Idle,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// Whether the credentials endpoint listens on 127.0.0.1.
    pub listening: bool,
    /// Shells and commands that hold a ticket now.
    pub clients: u32,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TodayView {
    pub requested: u32,
    pub ended: u32,
}
