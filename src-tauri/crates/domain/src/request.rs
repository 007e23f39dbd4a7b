//! What a person asks for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    failure::Code,
    ids::{Region, RoleRef, SessionId, SsoSessionName},
    settings::{Settings, Way},
    time::Seconds,
};

/// The longest lease: what a permission set allows at most.
pub const LONGEST: Seconds = Seconds::hours(12);
/// The shortest lease.
pub const SHORTEST: Seconds = Seconds::minutes(1);
/// The longest reason, in characters.
pub const REASON_LENGTH: usize = 256;

/// What narrows a session. More of it comes with scopes (session policies).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// As the portal gives it: the whole role.
    #[default]
    WholeRole,
}

/// Role + duration + Region + reason + scope.
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
    /// Take a new lease even where a live one of the same shape exists.
    #[serde(default)]
    pub fresh: bool,
}

impl SessionRequest {
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
        Ok(())
    }

    /// Whether a lease taken for `self` also serves `other`.
    #[must_use]
    pub fn same_shape(&self, other: &Self) -> bool {
        self.role == other.role
            && self.scope == other.scope
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
}

impl Intent {
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
}
