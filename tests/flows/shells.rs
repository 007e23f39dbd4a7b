//! Real shells in a terminal: what their prompts and the title say of the lease, and that they stay the person's own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use daypass_domain::{ids::SessionId, request::Intent, settings::Settings, time::Seconds};
use daypass_practice::{Account, Options};
use daypass_tests::{
    rig::Rig,
    terminal::{Terminal, program},
};
use pty_process::Command;

const NAMES: &str = "DeveloperAccess · payments-staging";
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// A person who has set up all their shells.
struct Person {
    rig: Rig,
    home: PathBuf,
}

impl Person {
    async fn new(rig: Rig) -> Self {
        let home = rig.top.path().join("home");
        fs::create_dir_all(home.join(".config/fish")).unwrap();
        // Without it, fish reads all man pages, and keeps the terminal open meanwhile.
        fs::create_dir_all(home.join(".local/share/fish/generated_completions")).unwrap();
        let person = Self { rig, home };
        person.has(".bashrc", "PS1='mine> '\nread=yes\nPROMPT_COMMAND='count=$((count + 1))'");
        person.has(".zshrc", "PROMPT='mine> '\nread=yes\nprecmd() { count=$((count + 1)); }");
        person.has(
            ".config/fish/config.fish",
            "function fish_prompt; echo -n 'mine> '; end\nset fish_greeting\nset -g read yes\nset -g count 0\n\
             function theirs --on-event fish_prompt; set count (math $count + 1); end",
        );
        person
    }

    async fn signed_in() -> Self {
        Self::new(Rig::signed_in().await).await
    }

    /// A file in their home.
    fn has(&self, name: &str, text: &str) {
        fs::write(self.home.join(name), text).unwrap();
    }

    /// `daypass shell` with this shell, in a terminal.
    fn command(&self, lease: &SessionId, shell: &str) -> Command {
        Command::new(program("daypass"))
            .args(["shell", "--session", lease.as_str()])
            .env_clear()
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", self.rig.top.path())
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env("NO_COLOR", "1")
            .env("SHELL", Path::new("/usr/bin").join(shell))
            .current_dir(&self.home)
    }

    fn opens(&self, lease: &SessionId, shell: &str) -> Terminal {
        Terminal::start(self.command(lease, shell))
    }

    /// What `daypass shell` has put beside the socket.
    fn folders(&self) -> usize {
        let is_ours = |name: &str| name.starts_with("shell-");
        let entries = fs::read_dir(self.rig.folder.path()).unwrap().flatten();
        entries.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)).count()
    }
}

fn live(left: &str) -> String {
    format!("[{NAMES} · {left}] mine>")
}

#[tokio::test]
async fn each_prompt_tells_role_account_and_time_left_before_the_persons_own() {
    let person = Person::signed_in().await;
    for shell in SHELLS {
        let lease = person.rig.lease(15).await;
        let mut terminal = person.opens(&lease, shell);
        terminal.asks(&live("15 min")).await;
        terminal.is_called(&format!("🟡 {NAMES} · 15 min")).await;
        person.rig.pass(Seconds::minutes(5)).await;
        terminal.enter("echo $read-$count", &live("10 min")).await;
        terminal.shows("yes-1").await;
        person.rig.pass(Seconds(363)).await;
        terminal.enter("", &live("3 min 57 s")).await;
        terminal.is_called(&format!("🟡 {NAMES} · 4 min")).await;
        person.rig.ask(Intent::Renew { session: lease.clone() }).await.unwrap();
        terminal.enter("", &live("15 min")).await;
        person.rig.ask(Intent::End { session: lease }).await.unwrap();
        terminal.is_called(&format!("ended · {NAMES}")).await;
        terminal.enter("", &format!("[ended · {NAMES}] mine>")).await;
        terminal.enter("echo $read-$count", &format!("[ended · {NAMES}] mine>")).await;
        terminal.shows("yes-5").await;
        assert_eq!(person.folders(), 1);
        terminal.types("exit 7\r").await;
        assert_eq!(terminal.ended().await.code(), Some(7), "{shell}");
        assert_eq!(person.folders(), 0);
    }
}

#[tokio::test]
async fn the_title_follows_the_lease_while_a_program_runs() {
    let person = Person::signed_in().await;
    let lease = person.rig.lease(15).await;
    let mut terminal = person.opens(&lease, "bash");
    terminal.asks(&live("15 min")).await;
    terminal.types("cat\r").await;
    person.rig.pass(Seconds::minutes(11)).await;
    terminal.is_called(&format!("🟡 {NAMES} · 4 min")).await;
    person.rig.ask(Intent::Renew { session: lease.clone() }).await.unwrap();
    terminal.is_called(&format!("🟡 {NAMES} · 15 min")).await;
    person.rig.ask(Intent::End { session: lease }).await.unwrap();
    terminal.is_called(&format!("ended · {NAMES}")).await;
}

#[tokio::test]
async fn a_shell_whose_agent_is_gone_says_that_the_lease_has_ended() {
    let mut person = Person::signed_in().await;
    let lease = person.rig.lease(15).await;
    let mut terminals = Vec::new();
    for shell in SHELLS {
        let mut terminal = person.opens(&lease, shell);
        terminal.asks(&live("15 min")).await;
        terminals.push(terminal);
    }
    person.rig.agent.quit().await;
    person.rig.agent.ended().await;
    for mut terminal in terminals {
        terminal.is_called(&format!("ended · {NAMES}")).await;
        terminal.enter("", &format!("[ended · {NAMES}] mine>")).await;
    }
}

#[tokio::test]
async fn whatever_sets_the_prompt_each_time_still_does() {
    let person = Person::signed_in().await;
    person.has(
        ".bashrc",
        "count=0\nPROMPT_COMMAND=('true' 'PS1=\"\\[\\e]0;theirs\\a\\]at $((++count))> \"')\nshopt -s extglob; set -u",
    );
    person.has(
        ".zshrc",
        "setopt prompt_subst ksh_arrays\nlater() { PROMPT=\"at $((++count))> \"; print -n '\\e]0;theirs\\a' }\n\
         precmd_functions+=(later)\nzle-line-init() { : }; zle -N zle-line-init",
    );
    person.has(
        ".config/fish/config.fish",
        "set fish_greeting\nset -g count 0\nfunction fish_mode_prompt; echo -n 'N '; end\n\
         function fish_title; echo theirs; end\n\
         function fish_prompt; set -l was $status $pipestatus; set count (math $count + 1); echo -n \"at $count> \"\n\
         test \"$was\" = '0 0'; or echo -n \"($was) \"; end",
    );
    for (shell, own, failed) in
        [("bash", "at 1>", "at 2>"), ("zsh", "at 1>", "at 2>"), ("fish", "N at 1>", "N at 2> (1 0 1)")]
    {
        let lease = person.rig.lease(15).await;
        let mut terminal = person.opens(&lease, shell);
        let prompt = format!("[{NAMES} · 15 min]");
        terminal.asks(&format!("{prompt} {own}")).await;
        terminal.enter("true | false", &format!("{prompt} {failed}")).await;
        terminal.is_called(&format!("🟡 {NAMES} · 15 min")).await;
    }
}

#[tokio::test]
async fn a_bash_inside_is_not_bothered() {
    let person = Person::signed_in().await;
    person.has(".bashrc", "export PS1='mine> ' PROMPT_COMMAND='theirs=yes'; set -eu");
    let lease = person.rig.lease(15).await;
    let mut terminal = person.opens(&lease, "bash");
    terminal.asks(&live("15 min")).await;
    terminal.enter("bash --norc", "mine>").await;
    terminal.enter("echo $theirs", "mine>").await;
    terminal.shows("yes").await;
    person.rig.ask(Intent::End { session: lease }).await.unwrap();
    terminal.is_called(&format!("ended · {NAMES}")).await;
    terminal.enter("exit", &format!("[ended · {NAMES}] mine>")).await;
    assert!(terminal.lines().iter().all(|line| !line.contains("not found")));
}

#[tokio::test]
async fn no_name_is_run_or_hides_anything() {
    let hostile = "a$(touch ran)`touch ran`${HOME}%n%~\\u\\$(touch ran)!!'&touch ran&'\u{1b}[2J\u{7}\u{202e}";
    let shown =
        "a$(touch ran)`touch ran`${HOME}%n%~\\u\\$(touch ran)!!'&touch ran&'\\u{1b}[2J\\u{7}\\u{202e}";
    let rig = Rig::new(Options { accounts: 4, roles: 10, ..Options::default() }).await;
    let role = "Billing".to_owned();
    let (id, email) = ("999900001111".to_owned(), "root@example.com".to_owned());
    rig.practice.put_account(Account { id: id.clone(), name: hostile.to_owned(), email, roles: vec![role] });
    rig.sign_in().await.unwrap();
    rig.settled().await;
    let person = Person::new(rig).await;
    person.has(".zshrc", "PROMPT='mine> '");
    for shell in SHELLS {
        let lease = person.rig.request(person.rig.wish(&id, "Billing", 15)).await.unwrap().session;
        let mut terminal = person.opens(&lease, shell);
        let prompt = format!("[Billing · {shown} · 15 min] mine>");
        terminal.asks(&prompt).await;
        let again = if shell == "zsh" { "setopt prompt_subst" } else { "" };
        terminal.enter(again, &prompt).await;
        terminal.is_called(&format!("Billing · {shown} · 15 min")).await;
        assert!(!person.home.join("ran").exists(), "{shell} ran it");
    }
}

#[tokio::test]
async fn zsh_finds_the_files_of_a_person_who_keeps_them_elsewhere() {
    let person = Person::signed_in().await;
    let lease = person.rig.lease(15).await;
    fs::create_dir(person.home.join("it's here")).unwrap();
    person.has("it's here/.zshrc", "PROMPT='mine> '");
    let named = person.command(&lease, "zsh").env("ZDOTDIR", person.home.join("it's here"));
    let mut terminal = Terminal::start(named);
    terminal.asks(&live("15 min")).await;
    terminal.enter("zsh -c 'echo ${ZDOTDIR##*/}'", &live("15 min")).await;
    terminal.shows("it's here").await;
    person.has(".zshenv", "ZDOTDIR=$HOME/\"it's here\"");
    let mut terminal = person.opens(&lease, "zsh");
    terminal.asks(&live("15 min")).await;
    terminal.enter("zsh -fc 'echo ${ZDOTDIR-none}'", &live("15 min")).await;
    terminal.shows("none").await;
}

#[tokio::test]
async fn other_shells_and_people_who_want_none_of_it_keep_their_prompt() {
    let person = Person::signed_in().await;
    let lease = person.rig.lease(15).await;
    let mut terminal = Terminal::start(person.command(&lease, "sh").env("PS1", "mine> "));
    terminal.asks("mine>").await;
    terminal.is_called(&format!("🟡 {NAMES} · 15 min")).await;
    let mut terminal = Terminal::start(person.command(&lease, "sh").env_remove("SHELL").env("PS1", "mine> "));
    terminal.asks("mine>").await;
    for shell in SHELLS {
        let mut terminal = Terminal::start(person.command(&lease, shell).env("DAYPASS_PROMPT", "off"));
        terminal.asks("mine>").await;
        terminal.enter("echo $read", "mine>").await;
        terminal.shows("yes").await;
        assert!(!terminal.title().contains("payments-staging"), "{shell}: {}", terminal.title());
    }
    let settings = Box::new(Settings { prompt: false, ..person.rig.client.settings() });
    person.rig.ask(Intent::Configure { settings }).await.unwrap();
    let mut terminal = person.opens(&lease, "bash");
    terminal.asks("mine>").await;
    assert!(!terminal.title().contains("payments-staging"), "set off: {}", terminal.title());
    assert_eq!(person.folders(), 0);
}
