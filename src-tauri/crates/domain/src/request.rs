//! What a person asks for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    audit::{LogFilter, LogFormat, LogPage, LogVerdict},
    chain::{ExternalId, Hop, Known, Labels, MOST_HOPS, RoleArn, SessionName},
    failure::{Code, Failure},
    ids::{Region, RoleRef, SessionId, SsoSessionName},
    limit::{Limit, Typed},
    nearest::Nearest,
    organisation::Brought,
    protection::{Protection, SelfCheck},
    receipt::EndAtAws,
    scope::{
        Scope,
        preset::Preset,
        probe::{Mistake, Probe, Verdict},
    },
    settings::{Settings, Way},
    time::Seconds,
};

/// The longest lease: what a permission set allows at most.
pub const LONGEST: Seconds = Seconds::hours(12);
/// The shortest lease.
pub const SHORTEST: Seconds = Seconds::minutes(1);
/// The longest reason, in characters.
pub const REASON_LENGTH: usize = 256;

/// Role + duration + Region + reason + scope + the way to it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionRequest {
    pub role: RoleRef,
    /// How long the lease lasts, 1 min to 12 h.
    pub duration: Seconds,
    /// The Region to work in; the SSO Region where none is named.
    pub region: Option<Region>,
    pub reason: Option<String>,
    #[serde(default)]
    pub scope: Scope,
    /// The chained roles to go through; none for the portal's role itself.
    #[serde(default)]
    pub path: Vec<Hop>,
    #[serde(default)]
    pub labels: Labels,
    /// Take a new lease even where a live one of the same shape exists.
    #[serde(default)]
    pub fresh: bool,
}

impl SessionRequest {
    /// The usual case: the whole role as the portal gives it.
    #[must_use]
    pub fn of(role: RoleRef, duration: Seconds) -> Self {
        Self {
            role,
            duration,
            region: None,
            reason: None,
            scope: Scope::default(),
            path: Vec::new(),
            labels: Labels::default(),
            fresh: false,
        }
    }

    /// What would be refused anyway, said before anything is sent.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn check(&self) -> Result<(), Code> {
        if self.duration < SHORTEST {
            return Err(Code::DurationTooShort);
        }
        if self.duration > LONGEST {
            return Err(Code::DurationTooLong);
        }
        if self.reason.as_ref().is_some_and(|r| r.chars().count() > REASON_LENGTH) {
            return Err(Code::ReasonTooLong);
        }
        self.scope.check()?;
        self.labels.check()?;
        if self.path.len() > MOST_HOPS {
            return Err(Code::TooManyHops);
        }
        if self.path.is_empty() && !self.scope.is_whole() {
            return Err(Code::ScopeNeedsChain);
        }
        if self.path.is_empty() && self.labels != Labels::default() {
            return Err(Code::LabelsNeedChain);
        }
        Ok(())
    }

    /// Whether a lease taken for `self` also serves `other`.
    #[must_use]
    pub fn same_shape(&self, other: &Self) -> bool {
        self.role == other.role
            && self.scope == other.scope
            && self.path == other.path
            && self.labels == other.labels
            && (other.region.is_none() || self.region == other.region)
    }
}

/// What to open once a session is live. The client that asked opens it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Open {
    #[default]
    Console,
    Terminal,
}

/// A request under a name, to be taken with one click.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Pass {
    pub name: String,
    pub request: SessionRequest,
    #[serde(default)]
    pub open: Vec<Open>,
}

/// What the request form offers for a role.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// Roles that can be assumed from it, as far as anybody told.
    pub chains: Vec<Chain>,
    pub presets: Vec<Preset>,
    /// Those of the organisation; one with the id of ours takes its place.
    pub organisation_presets: Vec<Preset>,
    /// How long the organisation lets a lease on it last.
    pub longest: Option<Seconds>,
    pub reason_required: bool,
    /// The person, as a session name or source identity; known after the first issue.
    pub person: Option<SessionName>,
    /// What was asked of it last.
    pub last: Option<SessionRequest>,
}

/// A chained role that can be had from a portal role.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    pub name: String,
    pub role: RoleArn,
    pub external_id: Option<ExternalId>,
    pub takes_tags: bool,
    pub takes_source_identity: bool,
    pub source: Known,
}

/// What a request would send.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The session policy, exactly as it is sent.
    pub policy: Option<String>,
    /// The managed policies that go along.
    pub policy_arns: Vec<String>,
    /// Of 2,048: the policy's and the ARNs'.
    pub characters: u32,
    /// Whether that is more: what a person wrote is left to AWS, what we compiled is refused.
    pub is_long: bool,
    /// How full tags make the packed session, roughly; AWS takes 100.
    pub packed_percent: u32,
    /// Where the policy goes wrong.
    pub mistake: Option<Mistake>,
    /// Why the request would be refused.
    pub refused: Option<Failure>,
    /// What is said of it though it is sent.
    pub warned: Option<Failure>,
    /// What could be asked for instead.
    pub nearest: Option<Nearest>,
    pub verdict: Option<Verdict>,
}

/// Where to sign in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SignInTarget {
    Named {
        sso_session: SsoSessionName,
    },
    /// As typed; refused with a sentence of its own where it is no start URL or Region.
    Typed {
        start_url: String,
        region: String,
    },
}

/// What a client may ask of the agent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "a person asks for one thing at a time")]
pub enum Intent {
    /// Sign in, as set for the SSO session where no way is given. Asked again for the same SSO session,
    /// it joins the sign-in under way.
    SignIn {
        target: SignInTarget,
        #[serde(default)]
        way: Option<Way>,
        /// Whether to keep it in the system keyring from now on; None leaves that as it is.
        #[serde(default)]
        keep: Option<bool>,
    },
    /// The address to open for the sign-in under way, once its stage is `browser` or `deviceCode`.
    SignInUrl,
    CancelSignIn,
    SignOut {
        sso_session: SsoSessionName,
    },
    /// Start the practice organisation; it appears as an SSO session.
    Practice,
    /// List accounts and roles anew.
    Sync {
        sso_session: SsoSessionName,
    },
    /// Take a lease, or use the live one of the same shape, which then lasts for `duration` from now at least.
    /// `open` is for the client.
    Request {
        request: SessionRequest,
        #[serde(default)]
        open: Vec<Open>,
    },
    /// What the request form offers for a role.
    Options {
        role: RoleRef,
    },
    /// What a request would send, and what stands against it; nothing is asked of AWS.
    Preview {
        request: Box<SessionRequest>,
        #[serde(default)]
        probe: Option<Probe>,
    },
    /// What is known of scopes and ways besides the person's settings.
    Brought,
    /// What AWS would refuse of these texts, and what it would take instead.
    Limits {
        typed: Vec<Typed>,
    },
    /// Keep a request under a name.
    SavePass {
        pass: Box<Pass>,
    },
    RemovePass {
        name: String,
    },
    /// Ask for what a pass holds. What to open is in the answer, for the client.
    TakePass {
        name: String,
    },
    /// Lease end = now + the last duration, where that is later.
    Renew {
        session: SessionId,
    },
    End {
        session: SessionId,
    },
    EndAll,
    /// Take an ended or failed card away.
    Dismiss {
        session: SessionId,
    },
    /// A one-shot loopback address that leads to the console.
    Console {
        session: SessionId,
    },
    /// Whether a terminal may be opened on this session; the client opens it.
    Terminal {
        session: SessionId,
    },
    Favourite {
        role: RoleRef,
        on: bool,
    },
    /// Keep the sign-in in the system keyring, or take it out.
    KeepSignedIn {
        sso_session: SsoSessionName,
        on: bool,
    },
    /// Change the settings. Favourites are changed by `Favourite` alone.
    Configure {
        settings: Box<Settings>,
    },
    /// The person has seen which roles came and went.
    SeenChanges {
        sso_session: SsoSessionName,
    },
    /// Forget the sign-in failure shown.
    DismissNotice,
    /// End everything and the agent.
    Quit,
    /// Look at every guard, now.
    Protection,
    /// Look through the agent's own memory for copies of what it holds and held.
    SelfCheck,
    /// How to have AWS refuse what was issued for a session; nothing is asked of AWS.
    EndAtAws {
        session: SessionId,
    },
    /// Rows of the audit log, newest first: those before `before`, or the newest.
    Log {
        #[serde(default)]
        filter: LogFilter,
        #[serde(default)]
        #[ts(type = "number | null")]
        before: Option<u64>,
    },
    /// Look through the whole chain of the audit log.
    VerifyLog,
    /// Write the audit log's rows into a file that the person finds.
    ExportLog {
        format: LogFormat,
        #[serde(default)]
        filter: LogFilter,
    },
}

impl Intent {
    /// Whether the answer takes a look at the machine: nothing else should wait for it.
    #[must_use]
    pub fn takes_a_look(&self) -> bool {
        matches!(self, Self::Protection | Self::SelfCheck)
    }

    /// Sign in the way that is set.
    #[must_use]
    pub fn sign_in(target: SignInTarget) -> Self {
        Self::SignIn { target, way: None, keep: None }
    }
}

/// What an intent brought.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The session asked for, new or already live.
    pub session: Option<SessionId>,
    /// The sign-in attempt that was started or joined.
    pub attempt: Option<u32>,
    /// An address for the client to open in the browser. Never shown to the page.
    pub url: Option<String>,
    /// What to open once the session of a pass is live.
    #[serde(default)]
    pub open: Vec<Open>,
    #[serde(default)]
    pub options: Option<Box<Options>>,
    #[serde(default)]
    pub preview: Option<Box<Preview>>,
    #[serde(default)]
    pub protection: Option<Box<Protection>>,
    #[serde(default)]
    pub self_check: Option<Box<SelfCheck>>,
    #[serde(default)]
    pub end_at_aws: Option<Box<EndAtAws>>,
    /// What a sign-out did not end, in a sentence.
    #[serde(default)]
    pub remains: Option<String>,
    #[serde(default)]
    pub log: Option<Box<LogPage>>,
    #[serde(default)]
    pub verdict: Option<Box<LogVerdict>>,
    /// The file that was written.
    #[serde(default)]
    pub saved: Option<String>,
    #[serde(default)]
    pub limits: Vec<Limit>,
    #[serde(default)]
    pub brought: Option<Box<Brought>>,
}
