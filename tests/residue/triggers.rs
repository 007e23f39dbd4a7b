//! What clears: ten things a person, the desktop or the time does, and two that nobody wants.

use std::time::Duration;

use daypass_tests::buses::Session;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    keyring::KEPT,
    needles::What,
    sign_in::Way,
    world::{World, kill},
};

/// Everybody is told, and everything wiped, within this time.
pub(crate) const WITHIN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trigger {
    LeaseEnd,
    End,
    EndAll,
    SignOut,
    ScreenLock,
    Sleep,
    UserSwitch,
    IdleLimit,
    Quit,
    Term,
    Crash,
    Kill,
}

impl Trigger {
    /// Those that take longest first.
    pub(crate) const ALL: [Self; 12] = [
        Self::LeaseEnd,
        Self::IdleLimit,
        Self::End,
        Self::EndAll,
        Self::SignOut,
        Self::ScreenLock,
        Self::Sleep,
        Self::UserSwitch,
        Self::Quit,
        Self::Term,
        Self::Crash,
        Self::Kill,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LeaseEnd => "lease end",
            Self::End => "End",
            Self::EndAll => "End all",
            Self::SignOut => "sign-out",
            Self::ScreenLock => "screen lock",
            Self::Sleep => "sleep",
            Self::UserSwitch => "user switch",
            Self::IdleLimit => "idle limit",
            Self::Quit => "quit",
            Self::Term => "SIGTERM",
            Self::Crash => "crash (SIGABRT)",
            Self::Kill => "kill -9",
        }
    }

    /// Whether sign-ins stay: their tokens then may rest in locked pages, and nowhere else. After a crash the window has
    /// another agent take them up from the keyring.
    pub(crate) fn keeps_sign_in(self) -> bool {
        use Trigger::{Crash, End, EndAll, IdleLimit, Kill, LeaseEnd, ScreenLock};
        matches!(self, LeaseEnd | End | EndAll | ScreenLock | IdleLimit | Crash | Kill)
    }

    /// What the keyring is to have after it: whoever signs out is not to be kept signed in.
    pub(crate) fn kept(self) -> &'static [What] {
        if self == Self::SignOut { &[] } else { &KEPT }
    }

    /// How the person signs in that it happens to: some in the other way.
    pub(crate) fn way(self) -> Way {
        if matches!(self, Self::EndAll | Self::Quit) { Way::DeviceCode } else { Way::Browser }
    }

    /// How long the lease is to last that it ends.
    pub(crate) fn lease(self) -> &'static str {
        if self == Self::LeaseEnd { "1m" } else { "30m" }
    }

    /// Has it happen; when it did.
    ///
    /// # Errors
    /// It could not be had, or sleep was not let go in time.
    pub(crate) async fn pull(self, world: &mut World, session: &str, ends: i64) -> Result<Instant, String> {
        let agent = world.agent().ok_or("there is no agent")?.pid;
        let mut at = Instant::now();
        match self {
            Self::LeaseEnd => {
                let end = time::OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(ends);
                let left = end - daypass_practice::Clock::real().now();
                at += left.try_into().map_err(|_| "the lease ended too early")?;
                tokio::time::sleep_until(at).await;
            }
            Self::End => drop(world.daypass(&["end", session]).await?),
            Self::EndAll => drop(world.daypass(&["end", "--all"]).await?),
            Self::SignOut => drop(world.daypass(&["sign-out"]).await?),
            Self::Quit => drop(world.daypass(&["quit"]).await?),
            Self::ScreenLock => world.saver.turns(true).await,
            Self::Sleep => {
                let held = timeout(WITHIN, world.logind.inhibitor()).await;
                let mut inhibitor = held.map_err(|_| "the agent does not hold up sleep")?;
                at = Instant::now();
                world.logind.sleeps(true).await;
                timeout(WITHIN, inhibitor.released())
                    .await
                    .map_err(|_| "sleep was held up for over a second")?;
            }
            Self::UserSwitch => {
                let uid = world.user;
                let us = Session { uid, class: "user", is_active: false, is_locked: false };
                world.logind.session(1, us.clone()).await;
                world.logind.session(2, Session { uid: uid + 1_000_000, is_active: true, ..us }).await;
            }
            Self::IdleLimit => {
                world.idle.says(60_000);
                while world.idle.was_asked() {}
                // A lease that was just asked for counts as a touch: the limit, and a moment more.
                let asked = async {
                    while !world.idle.was_asked() {
                        sleep(Duration::from_millis(20)).await;
                    }
                };
                timeout(Duration::from_secs(70), asked)
                    .await
                    .map_err(|_| "nobody asks whether we are there")?;
                at = Instant::now();
            }
            Self::Term => kill(agent, libc::SIGTERM),
            Self::Crash => kill(agent, libc::SIGABRT),
            Self::Kill => kill(agent, libc::SIGKILL),
        }
        if matches!(self, Self::Crash | Self::Kill) {
            world.is_taken_up().await?;
        }
        Ok(at)
    }
}

/// Waits until so long after it.
pub(crate) async fn after(at: Instant, length: Duration) {
    sleep((at + length).saturating_duration_since(Instant::now())).await;
}
