//! What is said over the socket.

use daypass_domain::{
    catalog::RoleEntry,
    failure::Failure,
    request::{Answer, Intent},
    view::View,
};
use serde::{Deserialize, Serialize};

/// The version both sides must have; an agent of another version is noticed at once.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the desktop's program says it is.
pub const DESKTOP: &str = "daypass-desktop";

/// How many rows of the catalogue one reply holds, so that it fits a frame.
pub const CATALOG_PAGE: usize = 100;

/// The first frame in either direction.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    pub version: String,
    /// Which program speaks: `daypass`, `daypass-desktop`, `daypass-agent`.
    pub program: String,
    pub purpose: Purpose,
}

impl Hello {
    #[must_use]
    pub fn new(program: &str, purpose: Purpose) -> Self {
        Self { version: VERSION.to_owned(), program: program.to_owned(), purpose }
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Intents, views and the catalogue.
    Control,
    /// A ticket or keys; see the crate `reveal`.
    Reveal,
}

/// A numbered question.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ToAgent {
    pub number: u32,
    pub question: Question,
    /// Where in its program a person asked, for the record.
    #[serde(default)]
    pub place: Option<Place>,
}

/// A place to ask from that is not the program's window or command line.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    Tray,
    /// A button of a notification.
    Notification,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Question {
    Ask(Box<Intent>),
    /// Send the current view now and every newer one after.
    Watch,
    /// The rows of the role list from this one on.
    Catalog {
        from: usize,
    },
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FromAgent {
    Reply {
        number: u32,
        reply: Reply,
    },
    View(Box<View>),
    /// The last word of an agent that ends because it was asked to; one that crashes says nothing.
    Quit,
    /// The last word of an agent that executes itself afresh: it listens on, and what it has not answered it has not
    /// taken up either.
    Afresh,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    Done(Box<Answer>),
    Refused(Failure),
    Catalog(CatalogPage),
}

/// Some rows of the role list. A page of another revision than the first means: start over.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CatalogPage {
    pub revision: u64,
    pub total: usize,
    pub rows: Vec<RoleEntry>,
}
