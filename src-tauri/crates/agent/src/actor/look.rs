//! Looks at the guards and through our own memory, beside the actor: nothing waits for them, not even our going.

use std::sync::Arc;

use daypass_domain::{
    failure::{Code, Failure},
    request::{Answer, Intent},
};
use tokio::{sync::oneshot, task::JoinSet};

use crate::{
    actor::Actor,
    endpoint::Endpoint,
    protection::{Known, Watchman},
};

/// How many looks wait for their turn at most.
const MOST: usize = 8;

/// The looks under way; they end when this is dropped.
pub(super) struct Looks {
    watchman: Arc<Watchman>,
    under_way: JoinSet<()>,
}

impl Looks {
    pub(super) fn new(watchman: Arc<Watchman>) -> Self {
        Self { watchman, under_way: JoinSet::new() }
    }
}

impl Actor {
    /// Has the guards looked at, and answers when that is done; the actor goes on meanwhile.
    pub(super) fn look(&mut self, intent: &Intent, reply: oneshot::Sender<Result<Answer, Failure>>) {
        while self.looks.under_way.try_join_next().is_some() {}
        if self.looks.under_way.len() >= MOST {
            drop(reply.send(Err(Code::LookUnderWay.into())));
            return;
        }
        let (effects, watchman) = (Arc::clone(&self.effects), Arc::clone(&self.looks.watchman));
        let is_check = matches!(intent, Intent::SelfCheck);
        let known = Known {
            kept: self.state.kept(),
            wiping: self.state.wiping(),
            port: self.endpoint.as_ref().map(Endpoint::port),
            clients: self.holders.values().sum(),
        };
        self.looks.under_way.spawn(async move {
            let answer = if is_check {
                watchman.self_check(&effects).await.map_err(Into::into)
            } else {
                Ok(watchman.protection(&effects, known).await)
            };
            reply.send(answer).ok();
        });
    }
}
