//! What ends leases and what is told of them, as the file says it.

use daypass_domain::{
    settings::{Clearing, Memory, Notifications, QuietHours, ScreenLock},
    time::Seconds,
};
use serde::{Deserialize, Deserializer, de};

use super::{seconds, text};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct ClearingForm {
    sleep: bool,
    user_switch: bool,
    screen_lock: Lock,
    #[serde(deserialize_with = "seconds")]
    idle: Option<Seconds>,
}

impl Default for ClearingForm {
    fn default() -> Self {
        let set = Clearing::default();
        Self {
            sleep: set.sleep,
            user_switch: set.user_switch,
            screen_lock: Lock::After5Minutes,
            idle: set.idle,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct NotificationsForm {
    #[serde(rename = "before-15-minutes")]
    before_15_minutes: bool,
    #[serde(rename = "before-5-minutes")]
    before_5_minutes: bool,
    #[serde(rename = "before-1-minute")]
    before_1_minute: bool,
    at_end: bool,
    trouble: bool,
    #[serde(deserialize_with = "hours")]
    quiet_hours: Option<QuietHours>,
}

impl Default for NotificationsForm {
    fn default() -> Self {
        let set = Notifications::default();
        Self {
            before_15_minutes: set.before_15_minutes,
            before_5_minutes: set.before_5_minutes,
            before_1_minute: set.before_1_minute,
            at_end: set.at_end,
            trouble: set.trouble,
            quiet_hours: set.quiet,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Lock {
    AtOnce,
    #[serde(rename = "after-5-minutes")]
    After5Minutes,
    Never,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MemoryForm {
    #[default]
    Locked,
    Secret,
}

impl From<MemoryForm> for Memory {
    fn from(form: MemoryForm) -> Self {
        match form {
            MemoryForm::Locked => Self::Locked,
            MemoryForm::Secret => Self::Secret,
        }
    }
}

impl From<ClearingForm> for Clearing {
    fn from(form: ClearingForm) -> Self {
        let screen_lock = match form.screen_lock {
            Lock::AtOnce => ScreenLock::AtOnce,
            Lock::After5Minutes => ScreenLock::AfterFiveMinutes,
            Lock::Never => ScreenLock::Never,
        };
        Self { sleep: form.sleep, user_switch: form.user_switch, screen_lock, idle: form.idle }
    }
}

impl From<NotificationsForm> for Notifications {
    fn from(form: NotificationsForm) -> Self {
        let NotificationsForm {
            before_15_minutes,
            before_5_minutes,
            before_1_minute,
            at_end,
            trouble,
            quiet_hours,
        } = form;
        Self { before_15_minutes, before_5_minutes, before_1_minute, at_end, trouble, quiet: quiet_hours }
    }
}

fn hours<'de, D: Deserializer<'de>>(from: D) -> Result<Option<QuietHours>, D::Error> {
    let read = |t: String| {
        let (from, to) = t.split_once('-')?;
        Some(QuietHours { from: from.trim().parse().ok()?, to: to.trim().parse().ok()? })
    };
    let read = |t: String| read(t).ok_or_else(|| de::Error::custom("it looks like 22:00-07:00"));
    text(from)?.map(read).transpose()
}
