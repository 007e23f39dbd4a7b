//! What is notified, and when it is quiet.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::time::TimeOfDay;

/// What is told by notifications of the desktop.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Notifications {
    /// How long before its end a lease is told of.
    pub before_15_minutes: bool,
    pub before_5_minutes: bool,
    pub before_1_minute: bool,
    /// That a lease has ended, and what was wiped.
    pub at_end: bool,
    /// That a renewal failed, or that a sign-in is needed.
    pub trouble: bool,
    /// When only window and tray tell of it.
    pub quiet: Option<QuietHours>,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            before_15_minutes: true,
            before_5_minutes: true,
            before_1_minute: true,
            at_end: true,
            trouble: true,
            quiet: None,
        }
    }
}

/// From one time of day to another, over midnight where the second is the earlier.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
pub struct QuietHours {
    pub from: TimeOfDay,
    pub to: TimeOfDay,
}

impl QuietHours {
    #[must_use]
    pub fn include(self, time: TimeOfDay) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}
