//! Points in time and lengths of time, as AWS and people count them.

use std::{fmt, ops::Add, str::FromStr};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use ts_rs::TS;

/// Milliseconds since 1970-01-01 UTC. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn after_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// How long from `self` until `later`; zero when it has passed.
    #[must_use]
    pub fn until(self, later: Self) -> Seconds {
        let millis = later.0.saturating_sub(self.0).max(0);
        Seconds(u32::try_from(millis / 1000).unwrap_or(u32::MAX))
    }

    /// RFC 3339 in UTC with `Z` and whole seconds: the only form every AWS SDK reads.
    #[must_use]
    pub fn rfc3339(self) -> String {
        const FORMAT: &[time::format_description::BorrowedFormatItem<'_>] =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1000))
            .ok()
            .and_then(|t| t.format(FORMAT).ok())
            .unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
    }

    /// Reads RFC 3339 with any offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }
}

impl Add<Seconds> for Timestamp {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "seconds become milliseconds")]
    fn add(self, length: Seconds) -> Self {
        Self(self.0.saturating_add(i64::from(length.0) * 1000))
    }
}

/// Now, by both clocks: the wall clock, which people and AWS go by and which can be set, and the time
/// since boot, sleep included, which cannot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    pub wall: Timestamp,
    /// Milliseconds since boot.
    pub boot: i64,
    /// How far local time is ahead of UTC, in seconds: only to tell one day from the next.
    pub utc_offset: i32,
}

impl Moment {
    /// Days since 1970, by local time.
    #[must_use]
    pub fn local_day(self) -> i64 {
        (self.wall.0 / 1000).saturating_add(self.utc_offset.into()).div_euclid(86_400)
    }

    /// The deadline that lies `length` ahead.
    #[must_use]
    pub fn after(self, length: Seconds) -> Deadline {
        self.after_millis(i64::from(length.0) * 1000)
    }

    /// The deadline at the wall clock's `then`.
    #[must_use]
    pub fn at(self, then: Timestamp) -> Deadline {
        self.after_millis(then.0.saturating_sub(self.wall.0))
    }

    fn after_millis(self, millis: i64) -> Deadline {
        Deadline {
            wall: Timestamp(self.wall.0.saturating_add(millis)),
            boot: self.boot.saturating_add(millis),
        }
    }
}

/// A point in time on both clocks. It has passed when either says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadline {
    pub wall: Timestamp,
    boot: i64,
}

impl Deadline {
    #[must_use]
    pub fn has_passed(self, now: Moment) -> bool {
        self.millis_left(now) == 0
    }

    /// Milliseconds left by the clock that is further on; never negative.
    #[must_use]
    pub fn millis_left(self, now: Moment) -> i64 {
        let wall = self.wall.0.saturating_sub(now.wall.0);
        wall.min(self.boot.saturating_sub(now.boot)).max(0)
    }

    /// The earlier of two, as things stand.
    #[must_use]
    pub fn min(self, other: Self, now: Moment) -> Self {
        if other.millis_left(now) < self.millis_left(now) { other } else { self }
    }

    /// When it passes, in the wall clock of `now`.
    #[must_use]
    pub fn shown(self, now: Moment) -> Timestamp {
        if self.has_passed(now) {
            self.wall.min(now.wall)
        } else {
            Timestamp(now.wall.0.saturating_add(self.millis_left(now)))
        }
    }
}

/// When AWS stops accepting credentials.
///
/// AWS sets it; we never extend it. A lease's own end is when *we* stop.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Expiration(pub Timestamp);

/// A time of day to the minute, as a clock on the wall shows it: `07:30`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, TS)]
#[serde(into = "String", try_from = "String")]
#[ts(type = "string")]
pub struct TimeOfDay(u16);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a time of day looks like 07:30")]
pub struct BadTimeOfDay;

impl Timestamp {
    /// The time of day where local time is `utc_offset` seconds ahead of UTC.
    #[must_use]
    pub fn time_of_day(self, utc_offset: i32) -> TimeOfDay {
        let minutes = (self.0 / 1000).saturating_add(utc_offset.into()).div_euclid(60).rem_euclid(24 * 60);
        TimeOfDay(u16::try_from(minutes).unwrap_or(0))
    }
}

impl FromStr for TimeOfDay {
    type Err = BadTimeOfDay;

    fn from_str(text: &str) -> Result<Self, BadTimeOfDay> {
        let (hours, minutes) = text.split_once(':').ok_or(BadTimeOfDay)?;
        let number = |digits: &str, most: u16| {
            let is_plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|&n| is_plain && n <= most).ok_or(BadTimeOfDay)
        };
        Ok(Self(number(hours, 23)? * 60 + number(minutes, 59)?))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = BadTimeOfDay;

    fn try_from(text: String) -> Result<Self, BadTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Seconds(pub u32);

impl Seconds {
    #[must_use]
    pub const fn minutes(count: u32) -> Self {
        Self(count.saturating_mul(60))
    }

    #[must_use]
    pub const fn hours(count: u32) -> Self {
        Self(count.saturating_mul(3600))
    }

    /// Reads `90s`, `15m`, `1h`, `1h30m`; a bare number is minutes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(minutes) = text.parse::<u32>() {
            return minutes.checked_mul(60).map(Self);
        }
        let mut total: u32 = 0;
        let mut digits = String::new();
        for c in text.chars() {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            let unit = match c {
                'h' => 3600,
                'm' => 60,
                's' => 1,
                _ => return None,
            };
            total = total.checked_add(digits.parse::<u32>().ok()?.checked_mul(unit)?)?;
            digits.clear();
        }
        (digits.is_empty() && !text.is_empty()).then_some(Self(total))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 3600, self.0 % 3600 / 60, self.0 % 60) {
            (0, 0, s) => write!(f, "{s} s"),
            (0, m, 0) => write!(f, "{m} min"),
            (0, m, s) => write!(f, "{m} min {s} s"),
            (h, 0, _) => write!(f, "{h} h"),
            (h, m, _) => write!(f, "{h} h {m} min"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_the_one_way_every_sdk_reads() {
        assert_eq!(Timestamp::from_millis(1_735_787_045_999).rfc3339(), "2025-01-02T03:04:05Z");
        assert_eq!(Timestamp::parse("2025-01-02T04:04:05+01:00"), Some(Timestamp::from_secs(1_735_787_045)));
    }

    #[test]
    fn a_time_of_day_is_that_of_the_wall() {
        let noon = Timestamp::parse("2026-11-22T12:00:59Z").unwrap();
        assert_eq!(noon.time_of_day(3600).to_string(), "13:00");
        assert_eq!(noon.time_of_day(-13 * 3600).to_string(), "23:00");
        assert_eq!("7:05".parse::<TimeOfDay>().unwrap().to_string(), "07:05");
        for bad in ["", "24:00", "12:60", "12", "1:2:3", "+1:00", "001:00"] {
            assert_eq!(bad.parse::<TimeOfDay>(), Err(BadTimeOfDay), "{bad}");
        }
    }

    #[test]
    fn time_that_has_passed_leaves_nothing() {
        assert_eq!(Timestamp::from_secs(10).until(Timestamp::from_secs(3)), Seconds(0));
        assert_eq!(
            Timestamp::from_millis(i64::MIN).until(Timestamp::from_millis(i64::MAX)),
            Seconds(u32::MAX)
        );
    }

    #[test]
    fn a_deadline_passes_when_either_clock_says_so() {
        let start = Moment { wall: Timestamp::from_secs(1000), boot: 5000, utc_offset: 0 };
        let end = start.after(Seconds(60));
        let clock_set_back = Moment { wall: Timestamp::from_secs(0), boot: 5000 + 60_000, utc_offset: 0 };
        let clock_set_forward = Moment { wall: Timestamp::from_secs(1060), boot: 5000, utc_offset: 0 };
        assert!(end.has_passed(clock_set_back) && end.has_passed(clock_set_forward));
        assert!(!end.has_passed(Moment { wall: Timestamp::from_secs(1059), boot: 64_999, utc_offset: 0 }));
    }

    #[test]
    fn durations_are_read_as_people_type_them() {
        for (text, secs) in [("15m", 900), ("1h", 3600), ("1h30m", 5400), ("90s", 90), ("20", 1200)] {
            assert_eq!(Seconds::parse(text), Some(Seconds(secs)), "{text}");
        }
        for bad in ["", "h", "1x", "1h5", "-5m", "99999999h"] {
            assert_eq!(Seconds::parse(bad), None, "{bad}");
        }
        assert_eq!(Seconds(5400).to_string(), "1 h 30 min");
    }
}
