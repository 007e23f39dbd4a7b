//! What the desktop does that ends leases, as the settings say, and what they want in vain.

use crate::{
    audit::{About, What},
    event::{Desktop, Effect, Watched},
    failure::Code,
    settings::{Memory, ScreenLock},
    state::State,
    time::{Moment, Seconds},
    view::Why,
};

const NO_SCREEN_SAVER: &str =
    "Daypass may miss that the screen is locked: no screen saver answers on the session bus.";
const NO_LOGIND: &str =
    "Daypass cannot tell when the machine sleeps or another user takes over: logind does not answer.";
const NO_DELAY: &str =
    "The machine may be asleep before leases and sign-ins are wiped: logind does not wait for Daypass.";
const NO_IDLE: &str =
    "Daypass cannot tell when nobody touches keyboard or mouse: neither the desktop nor logind says so.";
const NO_SECRET: &str =
    "Secrets rest in locked memory, not in secret memory: this kernel gives none (secretmem).";
const LOCKED_FOR: Seconds = Seconds::minutes(5);

impl State {
    pub(super) fn desktop(&mut self, what: Desktop, now: Moment) -> Vec<Effect> {
        match what {
            Desktop::ScreenLocked => match self.settings.clearing.screen_lock {
                ScreenLock::AtOnce => self.end_where(Why::ScreenLock, now, |_| true),
                ScreenLock::AfterFiveMinutes => {
                    self.lock_ends_at.get_or_insert(now.after(LOCKED_FOR));
                    vec![]
                }
                ScreenLock::Never => vec![],
            },
            Desktop::ScreenUnlocked => {
                self.lock_ends_at = None;
                vec![]
            }
            Desktop::Sleeps if self.settings.clearing.sleep => self.clear(Why::Sleep, now),
            Desktop::UserSwitched if self.settings.clearing.user_switch => self.clear(Why::UserSwitch, now),
            Desktop::Idle if self.settings.clearing.idle.is_some() => {
                self.end_where(Why::Idle, now, |_| true)
            }
            Desktop::Sleeps | Desktop::UserSwitched | Desktop::Idle => vec![],
        }
    }

    /// The screen has been locked for long enough.
    pub(super) fn end_locked(&mut self, now: Moment) -> Vec<Effect> {
        match self.lock_ends_at.take_if(|at| at.has_passed(now)) {
            Some(_) => self.end_where(Why::ScreenLock, now, |_| true),
            None => vec![],
        }
    }

    /// What the settings want and cannot be noticed, in sentences.
    pub(super) fn unwatched(&self) -> impl Iterator<Item = String> {
        let fails = |what| self.watching.get(&what) == Some(&false);
        let is_hinted = self.watching.get(&Watched::LockedHint) == Some(&true);
        let clearing = self.settings.clearing;
        let wants_lock = clearing.screen_lock != ScreenLock::Never;
        let sentences = [
            (wants_lock && fails(Watched::ScreenSaver) && !is_hinted, NO_SCREEN_SAVER),
            ((clearing.sleep || clearing.user_switch) && fails(Watched::Logind), NO_LOGIND),
            (clearing.sleep && fails(Watched::SleepDelay) && !fails(Watched::Logind), NO_DELAY),
            (clearing.idle.is_some() && fails(Watched::Idle), NO_IDLE),
            (self.settings.memory == Memory::Secret && self.no_memory, NO_SECRET),
        ];
        sentences.into_iter().filter(|(holds, _)| *holds).map(|(_, sentence)| sentence.to_owned())
    }

    /// Every lease and every sign-in of this machine goes; what the keyring keeps stays there.
    fn clear(&mut self, why: Why, now: Moment) -> Vec<Effect> {
        self.note(What::Cleared { why }, About::default(), now);
        let mut effects = self.end_where(why, now, |_| true);
        if let Some(sign_in) = self.sign_in.take() {
            self.fail_waiting(&sign_in.sso_session, Code::SignInCancelled, now);
            effects.push(Effect::AbandonSignIn);
        }
        for sso in self.sso_sessions.values_mut().filter(|s| s.is_signed_in()) {
            sso.sign_out();
            effects.push(Effect::DropToken { sso: sso.boxed() });
        }
        if !effects.is_empty() {
            effects.push(Effect::Afresh);
        }
        effects
    }
}
