//! Starts what the state wants done.

use std::sync::Arc;

use daypass_domain::{
    event::{Effect, Event},
    failure::Code,
    ids::SsoSessionName,
};
use tokio::task::AbortHandle;

use crate::{actor::Actor, practice};

impl Actor {
    pub(super) async fn run_effect(&mut self, effect: Effect) {
        let effects = Arc::clone(&self.effects);
        let unsaid = unsaid(&effect);
        match effect {
            Effect::SignIn { sso, attempt, way, kept } => {
                effects.begin_sign_in(sso.name.clone(), attempt);
                let work = async move { effects.sign_in(&sso, attempt, way, kept).await };
                self.sign_in = Some(self.tasks.spawn(unsaid, work));
            }
            Effect::AbandonSignIn => {
                if let Some(task) = self.sign_in.take() {
                    task.abort();
                }
                effects.abandon_sign_in(|name| self.state.is_signed_in(name));
            }
            Effect::SignOut { sso } => {
                // What works with the old token must neither keep it nor report of it any more.
                self.end_work_of(&sso.name);
                self.tasks.spawn(unsaid, async move { effects.sign_out(&sso).await });
            }
            Effect::DropToken { sso } => {
                self.end_work_of(&sso.name);
                effects.drop_token(&sso);
            }
            Effect::Restore { sso } => {
                let name = sso.name.clone();
                let task = self.tasks.spawn(unsaid, async move { effects.restore(&sso).await });
                self.keep_work(name, task);
            }
            Effect::Keep { sso } => drop(self.tasks.spawn(unsaid, async move { effects.keep(&sso).await })),
            Effect::Forget { sso } => {
                drop(self.tasks.spawn(unsaid, async move { effects.forget(&sso).await }))
            }
            Effect::Sync { sso } => {
                let name = sso.name.clone();
                let task = self.tasks.spawn(unsaid, async move { effects.sync(&sso).await });
                self.keep_work(name, task);
            }
            Effect::Issue { session, issue } => {
                let name = issue.sso.name.clone();
                // A new lease is on the disk before AWS is asked for it; one that lives goes on without.
                let is_new = self.state.session(session.as_str()).is_some_and(|s| s.live().is_none());
                self.record();
                let recorded = is_new.then(|| self.log.barrier());
                let work = async move {
                    if let Some(Err(code)) = optional(recorded).await {
                        return effects.tell(Event::IssueFailed { session, code }).await;
                    }
                    effects.issue(session, &issue).await;
                };
                let task = self.tasks.spawn(unsaid, work);
                self.keep_work(name, task);
            }
            Effect::Wipe { session } => {
                self.nonces.forget(&session);
                let pages = effects.secrets.wipe(&session).await;
                // Their connections end with the view that this is in.
                let clients = self.holders.get(&session).copied().unwrap_or(0);
                // Wiping brings no further effect.
                self.state.learn(Event::Wiped { session, pages, clients }, self.clock.now());
            }
            Effect::StartPractice => drop(tokio::spawn(practice::run(effects))),
            Effect::Afresh => self.wants_afresh = self.goes_afresh,
            Effect::Remember => self.remember(),
            Effect::SaveSettings => {
                if let Some(keeper) = &self.settings {
                    self.tasks.spawn(unsaid, keeper.save(self.state.settings_to_write()));
                }
            }
            Effect::ReadOrganisation { file } => self.organisation.name(file.as_deref()),
            Effect::Quit => {}
        }
    }

    fn keep_work(&mut self, name: SsoSessionName, task: AbortHandle) {
        let work = self.work.entry(name).or_default();
        work.retain(|task| !task.is_finished());
        work.push(task);
    }

    fn end_work_of(&mut self, name: &SsoSessionName) {
        for task in self.work.remove(name).unwrap_or_default() {
            task.abort();
        }
    }
}

async fn optional<T>(wait: Option<impl Future<Output = T>>) -> Option<T> {
    Some(wait?.await)
}

/// What the state would wait for without end if a bug ended the task.
fn unsaid(effect: &Effect) -> Option<Event> {
    let code = Code::Internal;
    match effect {
        Effect::SignIn { attempt, .. } => Some(Event::SignInFailed { attempt: *attempt, code }),
        Effect::Restore { sso } => {
            Some(Event::NotRestored { sso_session: sso.name.clone(), code: Some(code) })
        }
        Effect::Keep { sso } | Effect::Forget { sso } => {
            Some(Event::Keyring { sso_session: sso.name.clone(), trouble: Some(code) })
        }
        Effect::Sync { sso } => Some(Event::SyncFailed { sso_session: sso.name.clone(), code }),
        Effect::Issue { session, .. } => Some(Event::IssueFailed { session: session.clone(), code }),
        Effect::SaveSettings => Some(Event::SettingsFile { trouble: Some(Code::SettingsUnwritable) }),
        // Nobody waits for these, or they are no tasks.
        Effect::AbandonSignIn
        | Effect::SignOut { .. }
        | Effect::DropToken { .. }
        | Effect::Wipe { .. }
        | Effect::StartPractice
        | Effect::Remember
        | Effect::ReadOrganisation { .. }
        | Effect::Quit
        | Effect::Afresh => None,
    }
}
