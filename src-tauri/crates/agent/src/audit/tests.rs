//! What the chain shows, and what it survives.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use daypass_domain::{
    audit::{About, By, Damage, Entry, LogFilter, LogFormat, LogVerdict, Program, What},
    time::{Seconds, Timestamp},
};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{files::Files, read};

fn entry(name: &str) -> Entry {
    let about = About { account_name: Some(name.to_owned()), ..About::default() };
    let what = What::Requested { duration: Seconds(60) };
    Entry { at: Timestamp::from_secs(1_800_000_000), what, about, by: By::Program(Program::new("aws", 7)) }
}

/// A log of so many entries.
fn log(count: usize, full: u64) -> (TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::filled_at(folder.path().to_owned(), full);
    for n in 0..count {
        files.append(&entry(&format!("account {n}"))).unwrap();
    }
    (folder, files)
}

fn newest(folder: &Path) -> PathBuf {
    folder.join("audit.jsonl")
}

/// The verdict of one who comes later and knows the files alone.
fn verdict(folder: &Path) -> LogVerdict {
    read::verify(Files::at(folder.to_owned()).opened()).unwrap()
}

fn hows(verdict: &LogVerdict) -> Vec<Damage> {
    verdict.damage.iter().map(|d| d.how).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_change_of_one_byte_is_found(place: prop::sample::Index, byte: u8) {
        let (folder, files) = log(6, u64::MAX);
        let mut text = fs::read(newest(folder.path())).unwrap();
        let place = place.index(text.len());
        prop_assume!(text[place] != byte);
        text[place] = byte;
        fs::write(newest(folder.path()), text).unwrap();
        prop_assert!(!read::verify(files.opened()).unwrap().is_whole());
        prop_assert!(!verdict(folder.path()).is_whole());
    }

    #[test]
    fn a_line_that_is_dropped_doubled_or_moved_is_found(from in 0..6_usize, to in 0..6_usize, how in 0..3) {
        let (folder, files) = log(6, u64::MAX);
        let text = fs::read_to_string(newest(folder.path())).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        match how {
            0 => _ = lines.remove(from),
            1 => lines.insert(to, lines[from]),
            _ => {
                prop_assume!(from != to);
                lines.swap(from, to);
            }
        }
        fs::write(newest(folder.path()), lines.join("\n") + "\n").unwrap();
        prop_assert!(!read::verify(files.opened()).unwrap().is_whole(), "{} {} {}", from, to, how);
    }

    #[test]
    fn whatever_a_name_holds_the_line_is_one_plain_line_and_says_it_again(name: String) {
        let (folder, mut files) = log(0, u64::MAX);
        files.append(&entry(&name)).unwrap();
        let text = fs::read_to_string(newest(folder.path())).unwrap();
        prop_assert!(!text.trim_end_matches('\n').chars().any(daypass_domain::text::is_unseen), "{:?}", text);
        let page = read::page(files.opened(), &LogFilter::default(), None).unwrap();
        prop_assert_eq!(page.rows[0].account_name.as_deref(), Some(name.as_str()));
    }
}

#[test]
fn the_chain_goes_on_through_full_files_until_the_oldest_goes() {
    let (folder, mut files) = log(60, 4000);
    assert!(folder.path().join("audit.4.jsonl").exists() && !folder.path().join("audit.5.jsonl").exists());
    assert!(verdict(folder.path()).is_whole(), "{:?}", verdict(folder.path()));
    for n in 0..200 {
        files.append(&entry(&format!("more {n}"))).unwrap();
    }
    let found = verdict(folder.path());
    assert!(found.is_whole() && found.entries > 30 && found.entries < 260, "{found:?}");
    let damage_without = |name: &str| {
        let (from, aside) = (folder.path().join(name), folder.path().join("aside"));
        fs::rename(&from, &aside).unwrap();
        let found = hows(&verdict(folder.path()));
        fs::rename(&aside, &from).unwrap();
        found
    };
    assert_eq!(damage_without("audit.2.jsonl"), [Damage::Gap]);
    assert_eq!(damage_without("audit.4.jsonl"), [Damage::Gap], "the oldest only ever goes for a newer one");
    assert!(verdict(folder.path()).is_whole());
}

#[test]
fn a_line_torn_by_a_crash_stays_and_is_shown_and_the_chain_goes_on() {
    let (folder, files) = log(3, u64::MAX);
    drop(files);
    let text = fs::read(newest(folder.path())).unwrap();
    fs::write(newest(folder.path()), &text[..text.len() - 40]).unwrap();
    let mut files = Files::at(folder.path().to_owned());
    for n in 0..3 {
        files.append(&entry(&format!("after {n}"))).unwrap();
    }
    let found = read::verify(files.opened()).unwrap();
    assert_eq!((hows(&found), found.entries, found.damage[0].line), (vec![Damage::Line], 5, 3));
    assert!(found.words.contains("line 3 of audit.jsonl was changed or torn off"), "{}", found.words);
    assert!(
        fs::read(newest(folder.path())).unwrap().starts_with(&text[..text.len() - 40]),
        "what was there stays"
    );
}

#[test]
fn a_line_that_only_lacks_its_end_is_whole() {
    let (folder, files) = log(3, u64::MAX);
    drop(files);
    let text = fs::read(newest(folder.path())).unwrap();
    fs::write(newest(folder.path()), &text[..text.len() - 1]).unwrap();
    let mut files = Files::at(folder.path().to_owned());
    files.append(&entry("after")).unwrap();
    let found = read::verify(files.opened()).unwrap();
    assert!(found.is_whole() && found.entries == 4, "{found:?}");
}

#[test]
fn a_file_taken_away_under_us_is_missed_and_the_log_goes_on() {
    let (folder, mut files) = log(3, u64::MAX);
    fs::remove_file(newest(folder.path())).unwrap();
    assert_eq!(hows(&read::verify(files.opened()).unwrap()), [Damage::End]);
    files.append(&entry("after")).unwrap();
    let page = read::page(files.opened(), &LogFilter::default(), None).unwrap();
    assert_eq!(
        page.rows.iter().map(|r| r.n).collect::<Vec<_>>(),
        [5, 4],
        "it counts on, and says that it goes on"
    );
}

#[test]
fn a_file_moved_away_under_us_is_missed_as_well() {
    let (folder, mut files) = log(3, u64::MAX);
    fs::rename(newest(folder.path()), folder.path().join("elsewhere")).unwrap();
    files.append(&entry("after")).unwrap();
    assert_eq!(hows(&read::verify(files.opened()).unwrap()), [Damage::Gap]);
    assert_eq!(hows(&verdict(folder.path())), [Damage::Gap], "and found by one who comes later");
}

#[test]
fn an_old_scratch_does_not_hide_that_the_end_was_cut_off() {
    let (folder, files) = log(6, u64::MAX);
    let text = fs::read_to_string(newest(folder.path())).unwrap().replacen("account 1", "account 9", 1);
    let kept: Vec<_> = text.split_inclusive('\n').take(4).collect();
    fs::write(newest(folder.path()), kept.concat()).unwrap();
    assert_eq!(hows(&read::verify(files.opened()).unwrap()), [Damage::Line, Damage::End]);
}

#[test]
fn a_pipe_or_a_link_in_its_place_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    for name in ["audit.jsonl", "audit.1.jsonl"] {
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join(name), mode).unwrap();
    }
    let mut files = Files::at(folder.path().to_owned());
    assert!(files.append(&entry("x")).is_err() && files.opened().files.is_empty());
    fs::remove_file(newest(folder.path())).unwrap();
    files.append(&entry("x")).unwrap();
    fs::remove_file(newest(folder.path())).unwrap();
    std::os::unix::fs::symlink("elsewhere", newest(folder.path())).unwrap();
    assert!(files.append(&entry("x")).is_err() && !folder.path().join("elsewhere").exists());
}

#[test]
fn the_log_is_for_its_person_alone() {
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("a/b");
    Files::at(folder.clone()).append(&entry("x")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&newest(&folder))), (0o700, 0o600));
}

#[test]
fn rows_come_in_pages_newest_first_and_through_the_filter() {
    let (_folder, files) = log(250, 20_000);
    let page = |filter: &LogFilter, before| read::page(files.opened(), filter, before).unwrap();
    let all = LogFilter::default();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = page(&all, before);
        seen.extend(page.rows.iter().map(|r| r.n));
        before = seen.last().copied();
        if !page.has_more {
            break;
        }
    }
    assert!(seen.is_sorted_by(|a, b| *a == b + 1) && seen.last() == Some(&1) && seen.len() > 250, "{seen:?}");
    let some = page(&LogFilter { text: "ACCOUNT 24".to_owned(), ..all }, None);
    assert_eq!((some.rows.len(), some.has_more), (13, false), "24, 124, 224 and 240 to 249");
}

#[test]
fn an_export_is_what_the_filter_takes_in_its_own_order() {
    let (_folder, files) = log(12, 2000);
    let export = |format| {
        let filter = LogFilter { text: "account".to_owned(), ..LogFilter::default() };
        String::from_utf8(read::exported(files.opened(), format, &filter).unwrap()).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&export(LogFormat::Json)).unwrap();
    let rows = json.as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["accountName"]), (12, &"account 0".into()));
    assert!(rows.iter().all(|row| row["hash"].is_string() && row["previous"].is_string()));
    let csv = export(LogFormat::Csv);
    assert!(csv.starts_with("n,time,event,") && csv.lines().count() == 13, "{csv}");
}
