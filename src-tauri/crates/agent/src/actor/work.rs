//! Starts what the state wants done.

use std::sync::Arc;

use daypass_domain::{
    event::{Effect, Event},
    ids::SsoSessionName,
};
use tokio::task::AbortHandle;

use crate::{actor::Actor, practice};

impl Actor {
    pub(super) async fn run_effect(&mut self, effect: Effect) {
        let effects = Arc::clone(&self.effects);
        match effect {
            Effect::SignIn { sso, attempt, way, kept } => {
                effects.begin_sign_in(sso.name.clone(), attempt);
                let task = self.tasks.spawn(async move { effects.sign_in(&sso, attempt, way, kept).await });
                self.sign_in = Some(task);
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
                self.tasks.spawn(async move { effects.sign_out(&sso).await });
            }
            Effect::DropToken { sso } => {
                self.end_work_of(&sso.name);
                effects.drop_token(&sso);
            }
            Effect::Restore { sso } => {
                let name = sso.name.clone();
                let task = self.tasks.spawn(async move { effects.restore(&sso).await });
                self.keep_work(name, task);
            }
            Effect::Keep { sso } => drop(self.tasks.spawn(async move { effects.keep(&sso).await })),
            Effect::Forget { sso } => drop(self.tasks.spawn(async move { effects.forget(&sso).await })),
            Effect::Sync { sso } => {
                let name = sso.name.clone();
                let task = self.tasks.spawn(async move { effects.sync(&sso).await });
                self.keep_work(name, task);
            }
            Effect::Issue { sso, session, role, region, identify } => {
                let name = sso.name.clone();
                let task = self.tasks.spawn(async move {
                    effects.issue(&sso, session, &role, &region, identify).await;
                });
                self.keep_work(name, task);
            }
            Effect::Wipe { session } => {
                self.nonces.forget(&session);
                let pages = effects.secrets.wipe(&session).await;
                // Wiping brings no further effect.
                self.state.learn(Event::Wiped { session, pages }, self.clock.now());
            }
            Effect::StartPractice => drop(tokio::spawn(practice::run(effects.mail.clone()))),
            Effect::Remember => self.remember(),
            Effect::SaveSettings => {
                if let Some(keeper) = &self.settings {
                    self.tasks.spawn(keeper.save(self.state.settings_to_write()));
                }
            }
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
