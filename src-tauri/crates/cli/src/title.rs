//! The terminal's title: kept true, also while a long program runs in the shell.

use std::{env, sync::Arc, time::Duration};

use daypass_domain::ids::SessionId;
use daypass_reveal::Grant;
use tokio::{sync::Notify, task::AbortHandle, time::sleep};

use crate::{
    terminal::Terminal,
    text::escape,
    worn::{State, Worn},
};

/// Whether a terminal that calls itself so has a title.
pub(crate) fn is_shown() -> bool {
    !matches!(env::var("TERM").unwrap_or_default().as_str(), "" | "dumb" | "linux")
}

/// What sets the title, as all terminals understand it.
pub(crate) fn sequence(title: &str) -> String {
    format!("\x1b]0;{}\x07", escape(title))
}

/// The title of a terminal that has one and may wear ours.
pub(crate) struct Title(Option<Kept>);

struct Kept {
    terminal: Arc<Terminal>,
    over: Worn,
    task: AbortHandle,
    poke: Arc<Notify>,
}

impl Title {
    /// Puts the title of before aside, where the terminal can, and shows the lease from now on.
    pub(crate) fn keep(terminal: &Arc<Terminal>, grant: &Grant, may_change: bool) -> Self {
        let session = grant.session.parse().ok().filter(|_| may_change && is_shown());
        Self(session.map(|session: SessionId| {
            terminal.write("\x1b[22;0t");
            let over = Worn::unseen(&grant.role, &grant.account_name, State::Ended);
            let poke = Arc::new(Notify::new());
            let names = (grant.role.clone(), grant.account_name.clone());
            let task = tokio::spawn(count(Arc::clone(terminal), session, names, Arc::clone(&poke)));
            Kept { terminal: Arc::clone(terminal), over, task: task.abort_handle(), poke }
        }))
    }

    /// The lease has changed.
    pub(crate) fn look_again(&self) {
        if let Some(kept) = &self.0 {
            kept.poke.notify_one();
        }
    }

    /// The lease is over.
    pub(crate) fn end(&self) {
        if let Some(kept) = &self.0 {
            kept.task.abort();
            kept.terminal.write(&sequence(&kept.over.title().0));
        }
    }

    pub(crate) fn restore(&self) {
        if let Some(kept) = &self.0 {
            kept.task.abort();
            kept.terminal.write("\x1b[23;0t");
        }
    }
}

/// Asks the agent each time, rather than count: it knows of sleep and of clocks that were set.
async fn count(terminal: Arc<Terminal>, session: SessionId, names: (String, String), poke: Arc<Notify>) {
    loop {
        let worn = Worn::now(&session, &names.0, &names.1).await;
        let (title, lasts) = worn.title();
        if terminal.has_room() {
            terminal.write(&sequence(&title));
        }
        if worn.state == State::Ended {
            return;
        }
        tokio::select! {
            () = sleep(Duration::from_secs(lasts.0.into())) => {}
            () = poke.notified() => {}
        }
    }
}
