//! What passes between the desktop's program and its own windows, besides what the agent says.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::{RoleRef, SessionId, SsoSessionName};

/// What the desktop's program adds to the agent's view for its own windows.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DesktopView {
    /// Whether a panel shows Daypass in its tray. Closing the window hides it then, and minimises it else.
    pub tray: bool,
    /// Whether the window was closed without a tray, and so minimised: it says where Daypass is then.
    pub minimised: bool,
    /// Whether no notification daemon answers, as far as is known: what there is to tell stands here then.
    pub without_notifier: bool,
    /// What no notification daemon shows, so that the window has to. Newest first.
    pub notifications: Vec<Notification>,
    /// What the main window is to bring up; None until something was wanted.
    pub show: Option<Show>,
}

/// Something the main window is to bring up, wanted from elsewhere: the tray, the switcher, a notification.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Show {
    /// Counts what was wanted, so that the window knows a new one.
    pub count: u32,
    pub what: What,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum What {
    /// The list and the live sessions.
    Main,
    /// The request form of this role.
    Request {
        role: RoleRef,
    },
    Settings,
    /// The audit log.
    Activity,
}

/// What a page may want of the desktop's own program. Nothing here reaches the agent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Wish {
    /// Bring up the main window, with this in it.
    Show { what: What },
    /// The switcher has done its work, or is no longer wanted.
    HideSwitcher,
    /// Take a notification away.
    Dismiss { id: String },
}

/// What a person is told unasked: by the desktop's notification daemon, else in window and tray.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// The same for everything that is told of the same matter: the newer one replaces the older.
    pub id: String,
    /// Names in it are the organisation's text, to be escaped by whoever shows it.
    pub title: String,
    pub body: String,
    /// Whether it stays until the person has seen it.
    pub urgent: bool,
    pub about: About,
    pub buttons: Vec<Button>,
}

/// What a notification is about; its buttons act on that.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum About {
    Session { session: SessionId },
    SsoSession { sso_session: SsoSessionName },
    Everything,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Button {
    Renew,
    End,
    /// Bring up the window.
    Open,
    SignIn,
}
