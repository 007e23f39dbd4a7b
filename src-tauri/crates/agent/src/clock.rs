//! The one real clock, and a manual one for tests.
//!
//! Rust's and tokio's timers stop while the machine sleeps, so waiting goes by two timerfds: one on
//! CLOCK_BOOTTIME, which counts sleep, and one on CLOCK_REALTIME, which reports that the clock was set.

use std::{
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use daypass_domain::time::{Moment, Timestamp};
use tokio::{io::unix::AsyncFd, sync::watch};

/// Where `now` comes from.
#[derive(Clone)]
pub enum Clock {
    Real,
    Manual(Manual),
}

impl Clock {
    #[must_use]
    pub fn now(&self) -> Moment {
        match self {
            Self::Real => {
                let wall = wall();
                Moment { wall, boot: boot(), utc_offset: utc_offset(wall) }
            }
            Self::Manual(manual) => *manual.0.borrow(),
        }
    }

    /// The wall clock alone, for whoever dates and signs.
    pub fn wall(&self) -> impl Fn() -> Timestamp + Send + Sync + use<> {
        let clock = self.clone();
        move || clock.now().wall
    }

    /// Waits until `millis` have passed (never, for `None`) or the clock was set.
    pub async fn wait(&self, millis: Option<i64>) {
        match self {
            // Timers of this wait alone: several wait at once.
            Self::Real => match Timers::new() {
                Ok(timers) => timers.wait(millis).await,
                // Without timers, look again in a second rather than never.
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            },
            Self::Manual(manual) => {
                let start = manual.0.borrow().boot;
                let mut moments = manual.0.subscribe();
                let passed = |now: &Moment| millis.is_some_and(|m| now.boot.saturating_sub(start) >= m);
                // Every jump of the manual clock is like a clock that was set.
                if !passed(&moments.borrow_and_update()) {
                    moments.changed().await.ok();
                }
            }
        }
    }
}

/// A clock that goes only when told to.
#[derive(Clone)]
pub struct Manual(Arc<watch::Sender<Moment>>);

impl Manual {
    #[must_use]
    pub fn new(wall: Timestamp) -> Self {
        Self(Arc::new(watch::Sender::new(Moment { wall, boot: 1_000_000, utc_offset: 0 })))
    }

    /// Both clocks go on by `millis`, as in sleep or by waiting.
    pub fn pass(&self, millis: i64) {
        self.0.send_modify(|now| {
            now.wall = Timestamp::from_millis(now.wall.as_millis() + millis);
            now.boot += millis;
        });
    }

    /// How many wait for time to pass.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.receiver_count()
    }

    /// Somebody sets the wall clock, forward or back.
    pub fn set_wall(&self, millis: i64) {
        self.0.send_modify(|now| now.wall = Timestamp::from_millis(now.wall.as_millis() + millis));
    }
}

/// The real clock's timers, for one who waits.
struct Timers {
    boot: Timer,
    set: Timer,
}

impl Timers {
    fn new() -> io::Result<Self> {
        Ok(Self { boot: Timer::new(libc::CLOCK_BOOTTIME)?, set: Timer::new(libc::CLOCK_REALTIME)? })
    }

    async fn wait(&self, millis: Option<i64>) {
        // At least a millisecond: zero would disarm.
        let due = millis.map(|m| m.clamp(1, i64::from(i32::MAX)));
        if self.boot.arm(due, 0).is_err() || self.set.arm_for_change().is_err() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            return;
        }
        tokio::select! {
            () = self.boot.fired() => {}
            () = self.set.fired() => {}
        }
    }
}

struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    fn new(clock: libc::clockid_t) -> io::Result<Self> {
        #[expect(unsafe_code, reason = "timerfd_create returns a new descriptor, which we own")]
        let fd = unsafe {
            let fd = libc::timerfd_create(clock, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        #[expect(unsafe_code, reason = "an OwnedFd gives the same open descriptor as long as it lives")]
        let registered = unsafe { AsyncFd::register(fd) };
        Ok(Self(registered?))
    }

    /// Fires in `millis`, or never.
    fn arm(&self, millis: Option<i64>, flags: i32) -> io::Result<()> {
        let millis = millis.unwrap_or(0);
        self.set(flags, libc::timespec { tv_sec: millis / 1000, tv_nsec: millis % 1000 * 1_000_000 })
    }

    /// Fires when somebody sets the clock: an alarm in the far future that such a change cancels.
    fn arm_for_change(&self) -> io::Result<()> {
        let flags = libc::TFD_TIMER_ABSTIME | libc::TFD_TIMER_CANCEL_ON_SET;
        self.set(flags, libc::timespec { tv_sec: i64::MAX / 4_000_000_000, tv_nsec: 0 })
    }

    fn set(&self, flags: i32, value: libc::timespec) -> io::Result<()> {
        let spec =
            libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        #[expect(unsafe_code, reason = "the descriptor is ours and the pointer is to a live value")]
        let result = unsafe {
            libc::timerfd_settime(self.0.as_raw_fd(), flags, &raw const spec, std::ptr::null_mut())
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    async fn fired(&self) {
        let Ok(mut ready) = self.0.readable().await else { return };
        let mut count = [0_u8; 8];
        #[expect(
            unsafe_code,
            reason = "reads at most 8 bytes into 8 bytes; ECANCELED also means: look at the clock"
        )]
        unsafe {
            libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len());
        }
        ready.clear_ready();
    }
}

#[expect(clippy::disallowed_methods, reason = "the one real clock")]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn boot() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "writes to a live value")]
    unsafe {
        libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time);
    }
    time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
}

fn utc_offset(wall: Timestamp) -> i32 {
    let at: libc::time_t = wall.as_millis() / 1000;
    #[expect(unsafe_code, reason = "localtime_r writes to a live value that all-zero bytes are valid for")]
    let offset = unsafe {
        let mut local: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const at, &raw mut local);
        local.tm_gmtoff
    };
    i32::try_from(offset).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_real_clock_wakes_everybody_when_they_were_told_to() {
        let clock = Clock::Real;
        let before = clock.now();
        let waits = |millis| {
            let clock = clock.clone();
            async move { clock.wait(millis).await }
        };
        tokio::select! {
            // Whoever waits for ever must not take the others' alarm away.
            ((), ()) = async { tokio::join!(waits(Some(30)), waits(Some(60))) } => {}
            () = waits(None) => {}
        }
        assert!(clock.now().boot - before.boot >= 59);
    }
}
