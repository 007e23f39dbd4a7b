//! What is under way: tasks that report back by events, and what is learned where a bug kept one from it.

use std::collections::HashMap;

use daypass_domain::event::Event;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// The effects under way.
#[derive(Default)]
pub(super) struct Tasks {
    set: JoinSet<()>,
    /// What each would leave unsaid if it panicked.
    unsaid: HashMap<Id, Event>,
}

impl Tasks {
    /// Starts `work`; `unsaid` is learned in its place if it panics.
    pub(super) fn spawn(
        &mut self,
        unsaid: Option<Event>,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        let task = self.set.spawn(work);
        self.unsaid.extend(unsaid.map(|event| (task.id(), event)));
        task
    }

    /// Waits for the next to end: `None` where none is under way, else what it left unsaid. Nothing is lost when it
    /// is dropped.
    pub(super) async fn ended(&mut self) -> Option<Option<Event>> {
        let ended = self.set.join_next_with_id().await?;
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        let unsaid = self.unsaid.remove(&id);
        Some(unsaid.filter(|_| ended.is_err_and(|e| e.is_panic())))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub(super) fn abort_all(&mut self) {
        self.set.abort_all();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn only_a_task_that_panics_leaves_something_unsaid() {
        let mut tasks = Tasks::default();
        let unsaid = || Some(Event::NotLocked);
        tasks.spawn(unsaid(), ready(()));
        assert!(matches!(tasks.ended().await, Some(None)));
        tasks.spawn(unsaid(), pending()).abort();
        assert!(matches!(tasks.ended().await, Some(None)));
        tasks.spawn(unsaid(), async { panic!("a mistake that a test makes") });
        assert!(matches!(tasks.ended().await, Some(Some(Event::NotLocked))));
        assert!(tasks.ended().await.is_none() && tasks.unsaid.is_empty());
    }
}
