//! The house as it is drawn: which crate may know which, and what a file looks like.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

mod desktop;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Who may know whom. An edge that is not drawn here is a decision to make, not a line to add.
const HOUSE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("vault", &[]),
    ("practice", &[]),
    ("mutants", &[]),
    ("aws", &["domain", "vault"]),
    ("wire", &["domain"]),
    ("reveal", &["domain", "vault", "wire"]),
    ("agent", &["aws", "domain", "reveal", "vault", "wire"]),
    ("launch", &["domain"]),
    ("cli", &["domain", "launch", "reveal", "vault", "wire"]),
    ("desktop", &["domain", "launch", "wire"]),
];

/// What holds secrets, or lets them out.
const SECRET: [&str; 3] = ["aws", "reveal", "vault"];
const LONGEST_FILE: usize = 400;
const SAYS_NOTHING: [&str; 8] =
    ["helper", "helpers", "manager", "mod", "service", "services", "util", "utils"];

type Edges = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What each package of the workspace depends on, except for its own tests.
fn dependencies() -> Edges {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&cargo.stderr).into_owned();
    assert!(cargo.status.success(), "{error}");
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    packages
        .iter()
        .map(|package| {
            let all = package["dependencies"].as_array().unwrap().iter();
            (name(package), all.filter(|d| d["kind"] != "dev").map(name).collect())
        })
        .filter(|(name, _): &(String, _)| !["daypass-tests", "daypass-residue"].contains(&name.as_str()))
        .collect()
}

/// The same between our own crates, by short name.
fn edges() -> Edges {
    let ours = |name: &str| name.strip_prefix("daypass-").map(str::to_owned);
    let own = |all: &BTreeSet<String>| all.iter().filter_map(|d| ours(d)).collect();
    dependencies().iter().map(|(name, all)| (ours(name).unwrap_or_else(|| name.clone()), own(all))).collect()
}

/// Everything `name` knows, and everything known by that.
fn reach(edges: &Edges, name: &str) -> BTreeSet<String> {
    let near = edges.get(name).unwrap();
    near.iter().cloned().chain(near.iter().flat_map(|n| reach(edges, n))).collect()
}

fn rust_files() -> Vec<PathBuf> {
    let mut folders = vec![root().join("src-tauri"), root().join("tests")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_built =
                path.ends_with("target") || path.ends_with("node_modules") || path.ends_with("gen");
            if path.is_dir() && !is_built {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 40, "only {} files: looked in the wrong place", files.len());
    files
}

/// The files that `is_wrong` finds fault with, from the root.
fn faults(is_wrong: impl Fn(&Path, &str) -> bool) -> Vec<String> {
    let files = rust_files().into_iter().filter(|path| is_wrong(path, &fs::read_to_string(path).unwrap()));
    files.map(|path| path.strip_prefix(root()).unwrap().display().to_string()).collect()
}

#[test]
fn the_crates_know_each_other_exactly_as_drawn() {
    let drawn: Edges = HOUSE
        .iter()
        .map(|(n, all)| ((*n).to_owned(), all.iter().map(|d| (*d).to_owned()).collect()))
        .collect();
    assert_eq!(edges(), drawn);
}

#[test]
fn the_window_cannot_come_by_a_secret_even_indirectly() {
    let reached = reach(&edges(), "desktop");
    assert!(reached.contains("wire"), "it reaches nothing: {reached:?}");
    assert!(SECRET.iter().all(|s| !reached.contains(*s)), "{reached:?}");
}

#[test]
fn secrets_leave_by_one_door_that_two_may_use() {
    let edges = edges();
    let users: Vec<_> = edges.iter().filter(|(_, all)| all.contains("reveal")).map(|(n, _)| n).collect();
    assert_eq!(users, ["agent", "cli"]);
}

#[test]
fn what_is_true_needs_no_runtime_and_no_aws() {
    let dependencies = dependencies();
    let domain = dependencies.get("daypass-domain").unwrap();
    assert!(domain.contains("serde"), "it depends on nothing: {domain:?}");
    let is_foreign = |d: &&String| d.starts_with("aws-") || d.starts_with("tokio") || *d == "libc";
    assert_eq!(domain.iter().find(is_foreign), None);
}

#[test]
fn only_the_window_says_tauri_and_only_the_agents_side_says_aws() {
    let users = |prefix: &str| -> Vec<String> {
        let uses = |all: &BTreeSet<String>| all.iter().any(|d| d.starts_with(prefix));
        dependencies().into_iter().filter(|(_, all)| uses(all)).map(|(n, _)| n).collect()
    };
    assert_eq!(users("tauri"), ["daypass-desktop"]);
    assert_eq!(users("aws-"), ["daypass-aws"]);
}

#[test]
fn every_file_says_in_its_first_line_why_it_exists() {
    let is_silent = |_: &Path, text: &str| !text.lines().next().is_some_and(|l| l.starts_with("//! "));
    assert_eq!(faults(is_silent), [""; 0]);
}

#[test]
fn no_file_is_too_long_to_be_read_in_one_go() {
    assert_eq!(faults(|_, text| text.lines().count() > LONGEST_FILE), [""; 0]);
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let is_empty =
        |path: &Path, _: &str| path.file_stem().is_some_and(|s| SAYS_NOTHING.iter().any(|n| s == *n));
    assert_eq!(faults(is_empty), [""; 0]);
}
