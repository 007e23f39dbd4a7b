//! The man page and the shell completions of the `daypass` command, from its own definition.
//!
//! Usage: `pages FOLDER`. A program apart, so that the command carries none of it. One page for all verbs, as
//! they are few and small, and as `daypass-practice(1)` is the program of that name.

#[path = "../src/args.rs"]
mod args;

use std::{error::Error, fs, path::PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate_to};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

const DESCRIPTION: &[&str] = &[
    "Signs in through IAM Identity Center, lists every role one may take, and lends one of them for as long as the \
     work needs: a lease. While it lives, a shell, a command or the AWS console has access; when it ends, Daypass has \
     forgotten everything it held for it. AWS accepts what was issued until its own expiration.",
    "The credentials are held by daypass-agent(1), which the first command starts. daypass-desktop(1) shows the same in \
     a window.",
];

const FILES: &[(&str, &str)] = &[
    ("~/.aws/config", "Its [sso-session] entries are offered for signing in. Never written to."),
    ("~/.local/state/daypass", "What is remembered: roles, habits, the log. Never a secret."),
    ("$XDG_RUNTIME_DIR/daypass/agent.sock", "The agent's socket."),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: pages FOLDER")?);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("daypass.1"), page(args::Args::command())?)?;
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        generate_to(shell, &mut args::Args::command(), "daypass", &folder)?;
    }
    Ok(())
}

/// The whole man page, in roff.
fn page(command: Command) -> Result<Vec<u8>, Box<dyn Error>> {
    let after_help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (tables, remarks): (Vec<_>, Vec<_>) =
        after_help.split("\n\n").partition(|block| block.lines().next().is_some_and(|l| l.ends_with(':')));
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs: Vec<_> = shown.flat_map(|verb| verbs_of(verb, "daypass")).collect();
    let version = command.get_version().unwrap_or_default().to_owned();
    let man = Man::new(command.subcommand_value_name("COMMAND"))
        .date("")
        .source(format!("Daypass {version}"))
        .manual("Daypass");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;

    let mut roff = Roff::new();
    roff.control("SH", ["DESCRIPTION"]);
    for paragraph in DESCRIPTION.iter().chain(&remarks) {
        roff.control("PP", []).text([roman(paragraph.replace('\n', " "))]);
    }
    roff.to_writer(&mut out)?;
    man.render_options_section(&mut out)?;

    Roff::new().control("SH", ["COMMANDS"]).to_writer(&mut out)?;
    for (name, verb) in verbs {
        out.extend(section_of(name, verb)?);
    }

    let mut roff = Roff::new();
    for table in tables {
        let (heading, lines) = table.split_once('\n').unwrap_or((table, ""));
        as_typed(&mut roff, heading.trim_end_matches(':'), lines);
    }
    roff.control("SH", ["FILES"]);
    for (path, what) in FILES {
        roff.control("TP", []).text([bold(*path)]).text([roman(*what)]);
    }
    as_typed(&mut roff, "JSON", args::JSON_SHAPES);
    roff.control("SH", ["SEE ALSO"])
        .text([roman("daypass-desktop(1), daypass-agent(1), daypass-practice(1)")]);
    roff.to_writer(&mut out)?;
    Ok(out)
}

/// A verb by its whole name, or those it consists of.
fn verbs_of(verb: &Command, before: &str) -> Vec<(String, Command)> {
    let name = format!("{before} {}", verb.get_name());
    if verb.has_subcommands() {
        verb.get_subcommands().flat_map(|inner| verbs_of(inner, &name)).collect()
    } else {
        vec![(name, verb.clone())]
    }
}

/// A verb: how it is used, what it does, its own options.
fn section_of(name: String, verb: Command) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut verb = verb.bin_name(name).disable_help_flag(true);
    let usage = verb.render_usage().to_string();
    let verb = verb.mut_args(|arg| {
        let says_nothing = arg.get_help().is_none();
        arg.hide(says_nothing)
    });
    let about = verb.get_long_about().or(verb.get_about()).map(ToString::to_string).unwrap_or_default();
    let mut out = Vec::new();
    let mut roff = Roff::new();
    roff.control("SS", [usage.trim_start_matches("Usage: ")]);
    for paragraph in about.split("\n\n") {
        roff.control("PP", []).text([roman(format!("{}.", paragraph.trim_end_matches('.')))]);
    }
    roff.to_writer(&mut out)?;
    if verb.get_arguments().any(|arg| !arg.is_hide_set()) {
        let mut options = Vec::new();
        Man::new(verb).render_options_section(&mut options)?;
        out.extend(String::from_utf8(options)?.replacen(".SH OPTIONS\n", "", 1).into_bytes());
    }
    Ok(out)
}

/// A section whose lines stay as they are.
fn as_typed(roff: &mut Roff, heading: &str, lines: &str) {
    roff.control("SH", [heading.to_uppercase().as_str()]).control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
