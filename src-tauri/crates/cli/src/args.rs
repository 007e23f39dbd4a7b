//! What may be typed, and what `--help` says about it.

#[path = "args/log.rs"]
pub(crate) mod log;
#[path = "args/narrow.rs"]
pub(crate) mod narrow;

use std::ffi::OsString;

use clap::{ArgGroup, Parser, Subcommand};
use daypass_domain::{
    ids::{Region, SessionId, SsoSessionName},
    time::Seconds,
};

const AFTER_HELP: &str = "\
Examples:
  daypass practice                                  try it, without AWS
  daypass sign-in --start-url https://acme.awsapps.com/start --sso-region eu-west-1
  daypass roles billing prod                        which roles there are
  daypass request ReadOnlyAccess@payments-prod --for 15m --reason 'look at INC-42'
  daypass request DeveloperAccess@payments-staging --preset s3-bucket --set bucket=exports-444455556666 --grant put
  daypass request DeveloperAccess@payments-staging --read-only --via DaypassScoped --tag Ticket=OPS-1234 --dry-run
  daypass pass save 'Replay audit logs' DeveloperAccess@payments-staging --for 15m --service s3
  daypass take 'Replay audit logs'
  daypass exec -- aws sts get-caller-identity       one command with that access
  daypass shell                                     a shell with that access
  daypass console                                   the AWS console in the browser
  daypass end --all
  daypass protection --check                        what protects all this, and whether a copy lies about

Which session: the id given, else the one of the Daypass shell this runs in while it is live, else the newest
live one.

Exit codes:
  0  done                      4  no such live session
  1  failed or refused         5  trouble with the agent
  2  wrong usage             130  cancelled with Ctrl-C
  3  not signed in
  exec and shell: the command's own code; 126 not executable, 127 not found, 128 + signal when killed by one

Environment:
  DAYPASS_BROWSER   a command line that opens addresses; %s stands for the address
  DAYPASS_PROMPT    off: the shells Daypass starts keep their own prompt and title
  DAYPASS_SESSION, DAYPASS_ROLE, DAYPASS_ACCOUNT_NAME
                    set in the shells Daypass starts, for a prompt of one's own

`daypass help json` has the shapes that --json prints.";

pub(crate) const JSON_SHAPES: &str = r#"With --json, standard output is one JSON value. Times are RFC 3339 in UTC; what is not known is null.

roles      [{"account": "111122223333", "accountName", "role", "ssoSession", "favourite": bool, "lastUsed"}]
sessions   [SESSION]
request, take, renew
           SESSION = {"session", "account", "accountName", "role", "phase", "leaseEnd", "expiration", "region",
           "reason", "scope": SCOPE, "path": [HOP, ...], "ended": {"at", ... as RECEIPT}}
           SCOPE = {"base": {"kind", ...}, "policies": ["arn:..."], "regions": ["..."], "addresses": ["..."],
           "untilLeaseEnd": bool}
           kind: wholeRole, readOnly, services, preset, managed, custom
           HOP = {"role": "arn:...", "externalId"}: a chained role it goes through
request --dry-run
           {"policy", "policyArns": ["..."], "characters": number, "isLong": bool, "packedPercent": number}
pass list  [PASS]
pass save  PASS = {"name", "account", "role", "ssoSession", "seconds": number, "scope": SCOPE, "path": [HOP, ...]}
pass remove
           {"name"}
           phase: requesting, active, expiring (5 minutes or less), ended, failed
           leaseEnd: when Daypass forgets; expiration: when AWS stops accepting what was issued last
end        [RECEIPT, ...]
           RECEIPT = {"session", "why", "wipedPages": number, "awsAcceptsUntil", "clientsTold": number, "keyIdEnd"}
           keyIdEnd: the last four characters of the access key id that AWS accepts until then
end --at-aws
           {"what", "who", "steps": ["..."], "policy", "command"}; command is null where an administrator has to do it
console    {"session", "url"}; url is null unless --print-url: it works once, within 30 seconds
whoami     {"session", "account", "accountName", "role", "ssoSession", "identity", "region", "phase", "leaseEnd",
           "expiration", "secondsLeft": number, "inTheWay": ["AWS_PROFILE", ...]}
           inTheWay: variables that make AWS programs use something else than this session
status     {"agentRuns": bool, "version", "ssoSessions": [{"ssoSession", "startUrl", "region", "source", "status",
           "signedInAt", "identity", "keepSignedIn": bool, "keyring": FAILURE, "accounts": number,
           "roles": number, "syncedAt", "failedAccounts": number}], "signIn": {"ssoSession", "stage",
           "startedAt"}, "liveSessions": number, "endpointListens": bool, "clients": number,
           "degraded": ["sentence", ...], "standing": [FAILURE, ...], "accepted": [RECEIPT, ...]}
           source: config, typed, practice; status: signedOut, restoring, signedIn, lapsed
           stage: starting, browser, deviceCode
           FAILURE = {"code", "fact", "advice"}: what is wrong with this machine or the settings
sign-in, practice
           {"ssoSession", "status", "identity"}; with --print-url {"url", "userCode", "expiresAt"} comes first,
           on a line of its own; code and end are those of a device code
sign-out   {"ssoSession", "status", "remains"}; remains: a sentence on what it did not end
env        what credential_process prints:
           {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
protection {"checkedAt", "guards": [{"kind", "holds", "title", "fact", "value", "advice"}], "selfCheck": CHECK}
           holds: holds, degraded, unknown; selfCheck is null without --check
           CHECK = {"checkedAt", "kib": number, "controlFound": bool, "rows": [{"name", "kind", "secrets": number,
           "locked": number, "elsewhere": number}], "verdict", "advice"}; exit code 1 where something was found
log        [{"n": number, "at", "event", "ssoSession", "session", "role", "account", "accountName", "scope",
           "reason", "by", "awsAcceptsUntil"}]; n counts entries from the first there ever was
log --verify
           {"isWhole": bool, "entries": number, "places": number, "damage": [{"file", "line": number, "how",
           "words"}]}; how: line (changed or torn off), gap (missing before it), end (missing after it)
quit       {"agentRan": bool}

A failure is one JSON value on standard error: {"code", "fact", "advice"}, and "candidates": ["...", ...] where
several things were meant.
"#;

/// AWS access that expires on time.
#[derive(Debug, Parser)]
#[command(name = "daypass", version, after_help = AFTER_HELP, max_term_width = 110)]
#[command(disable_help_subcommand = false, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    /// Print one JSON value instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Say who is signed in where, and what is live
    Status,
    /// Start the practice organisation, a simulated AWS on this machine, and sign in to it
    Practice {
        /// Only start it
        #[arg(long)]
        no_sign_in: bool,
        /// Print the address to sign in at instead of opening a browser
        #[arg(long)]
        print_url: bool,
    },
    /// Sign in through IAM Identity Center, in the browser
    SignIn(SignInPlace),
    /// Sign out; the sessions of that sign-in end
    SignOut {
        /// Which one, where several are signed in
        #[arg(value_name = "SSO-SESSION", value_parser = sso_session)]
        sso_session: Option<SsoSessionName>,
    },
    /// List the roles there are
    Roles {
        /// Words that role, account name or account id must have, in any order
        query: Vec<String>,
    },
    /// Take a lease on a role, or use the live one of the same shape
    Request(Box<Wanted>),
    /// Take a lease as a pass describes it
    Take {
        #[arg(value_name = "PASS")]
        name: String,
    },
    /// Requests kept under a name
    Pass {
        #[command(subcommand)]
        verb: PassVerb,
    },
    /// List the sessions
    Sessions,
    /// Make a lease end later: now + its duration
    Renew {
        #[arg(value_name = "ID")]
        session: Option<SessionId>,
    },
    /// End a session now
    End {
        #[arg(value_name = "ID")]
        session: Option<SessionId>,
        /// End every one
        #[arg(long, conflicts_with = "session")]
        all: bool,
        /// Print how to have AWS refuse what was issued, too; of one that has ended, only print that
        #[arg(long, conflicts_with = "all")]
        at_aws: bool,
    },
    /// Open the AWS console in the browser
    Console {
        #[arg(value_name = "ID")]
        session: Option<SessionId>,
        /// Print the address instead; it works once, within 30 seconds
        #[arg(long)]
        print_url: bool,
    },
    /// Start a shell in which AWS programs use a session
    ///
    /// In bash, zsh and fish the prompt shows role, account and time left, before what the person's own prompt shows;
    /// the terminal's title does in any shell. DAYPASS_PROMPT=off leaves both as they are.
    Shell {
        /// Which session
        #[arg(long, value_name = "ID")]
        session: Option<SessionId>,
    },
    /// Run one command that uses a session
    Exec {
        /// Which session
        #[arg(long, value_name = "ID")]
        session: Option<SessionId>,
        /// The command and its arguments
        #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
        command: Vec<OsString>,
    },
    /// Say whose access this shell has, and for how long
    Whoami,
    /// Print the credentials themselves as shell variables: eval "$(daypass env)"
    Env {
        /// Which session
        #[arg(long, value_name = "ID")]
        session: Option<SessionId>,
    },
    /// Say what protects the credentials on this machine, looked at just now
    Protection {
        /// Look through the agent's memory as well, for copies of what it holds and held
        #[arg(long)]
        check: bool,
    },
    /// Show the audit log, or look whether its chain is whole
    Log(log::Wanted),
    /// End every session and the agent
    Quit,
    /// What a Daypass shell shows of its lease at each prompt: a line for the title, one for the prompt
    #[command(hide = true)]
    Prompt { dialect: Dialect },
    /// The shapes that --json prints
    #[command(hide = true, long_about = JSON_SHAPES, help_template = "{about}")]
    Json,
}

/// How a shell wants its prompt written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Dialect {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("typed").args(["start_url"]).conflicts_with("sso_session"))]
pub(crate) struct SignInPlace {
    /// A name from the AWS config file, or one signed in to before
    #[arg(value_name = "SSO-SESSION", value_parser = sso_session)]
    pub(crate) sso_session: Option<SsoSessionName>,
    /// The address of the access portal, like https://acme.awsapps.com/start
    #[arg(long, value_name = "URL", requires = "sso_region")]
    pub(crate) start_url: Option<String>,
    /// The Region where IAM Identity Center lives
    #[arg(long, value_name = "REGION", requires = "start_url")]
    pub(crate) sso_region: Option<String>,
    /// Sign in with a code to compare, approved in any browser, on any machine
    #[arg(long)]
    pub(crate) device_code: bool,
    /// Keep the refresh token in the system keyring from now on, and be signed in at the next start
    #[arg(long)]
    pub(crate) keep_signed_in: bool,
    /// Print the address to sign in at instead of opening a browser
    #[arg(long)]
    pub(crate) print_url: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PassVerb {
    /// List them
    List,
    /// Keep a request under a name, in place of the one that had it
    Save {
        #[arg(value_name = "PASS")]
        name: String,
        #[command(flatten)]
        wanted: Box<Wanted>,
    },
    /// Forget one
    Remove {
        #[arg(value_name = "PASS")]
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// The role; the account by its id, or by its name where only one has it
    #[arg(value_name = "[SSO-SESSION/]ROLE@ACCOUNT")]
    pub(crate) role: String,
    /// How long: 15m, 1h30m, 90s; as last time where not given, else 1h
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Seconds>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The Region to work in
    #[arg(long)]
    pub(crate) region: Option<Region>,
    /// Take a new lease even where a live one would do
    #[arg(long)]
    pub(crate) new: bool,
    #[command(flatten)]
    pub(crate) narrow: narrow::Narrow,
}

fn duration(text: &str) -> Result<Seconds, &'static str> {
    Seconds::parse(text).ok_or("a duration looks like 15m, 1h30m or 90s")
}

fn sso_session(text: &str) -> Result<SsoSessionName, String> {
    text.parse().map_err(|bad: daypass_domain::ids::BadId| bad.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_example_may_be_typed_as_it_stands() {
        let examples: Vec<_> = AFTER_HELP
            .lines()
            .filter_map(|line| line.strip_prefix("  daypass ")?.split("   ").next())
            .collect();
        assert!(examples.len() > 10, "{examples:?}");
        for example in examples {
            let mut words = vec!["daypass"];
            for (i, part) in example.split('\'').enumerate() {
                if i % 2 == 1 { words.push(part) } else { words.extend(part.split_whitespace()) }
            }
            Args::try_parse_from(words).unwrap();
        }
    }

    #[test]
    fn what_follows_the_command_of_exec_is_its_own() {
        let Verb::Exec { session, command } =
            parse("daypass exec --session abcd1234 -- aws s3 ls --json").unwrap().verb
        else {
            panic!("not exec")
        };
        assert_eq!(session.unwrap().as_str(), "abcd1234");
        assert_eq!(command, ["aws", "s3", "ls", "--json"]);
        let without_dashes = parse("daypass exec aws --json --session x").unwrap();
        assert!(!without_dashes.json);
    }

    #[test]
    fn a_start_url_needs_its_region_and_no_name() {
        assert!(parse("daypass sign-in acme").is_ok());
        assert!(parse("daypass sign-in --start-url https://a.example --sso-region eu-west-1").is_ok());
        assert!(parse("daypass sign-in --start-url https://a.example").is_err());
        assert!(parse("daypass sign-in --sso-region eu-west-1").is_err());
        assert!(parse("daypass sign-in acme --start-url https://a.example --sso-region eu-west-1").is_err());
    }

    #[test]
    fn json_may_stand_before_or_after_the_verb() {
        assert!(parse("daypass --json roles").unwrap().json);
        assert!(parse("daypass roles a b --json").unwrap().json);
    }

    #[test]
    fn every_line_of_help_fits() {
        for text in [AFTER_HELP, JSON_SHAPES] {
            for line in text.lines() {
                assert!(line.chars().count() <= 120, "{line}");
            }
        }
    }
}
