//! Everything that can go wrong, in a person's words. The only place such sentences are written.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a person reads when something was refused or failed: a fact, an advice, perhaps a button.
///
/// The sentences are fixed text: input and answers from outside never become part of them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{fact}")]
pub struct Failure {
    pub code: Code,
    pub fact: String,
    pub advice: String,
    pub action: Option<Action>,
}

/// The button that helps.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Sign in to the SSO session concerned.
    SignIn,
    /// Ask for the same thing again.
    Retry,
    /// Change the start URL or Region.
    Edit,
    /// List accounts and roles anew.
    Sync,
    /// Open the settings.
    Settings,
    /// Quit Daypass: only another start sees another environment.
    Quit,
    /// Have the keyring keep the sign-in, or take up the one that it keeps.
    Keep,
    /// Have the keyring drop the sign-in.
    Forget,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident: $fact:literal, $advice:literal, $action:expr;)*) => {
        /// Which trouble it is.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, TS)]
        #[serde(rename_all = "camelCase")]
        pub enum Code { $($(#[$doc])* $code,)* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$code),*];

            const fn words(self) -> (&'static str, &'static str, Option<Action>) {
                match self { $(Self::$code => ($fact, $advice, $action),)* }
            }
        }
    };
}

codes! {
    // Refusals: what was asked cannot be done.
    /// An intent, start URL, Region, ... that does not parse.
    Malformed: "this request has a form Daypass does not know", "Update the window and the command to the same version.", None;
    StartUrlNotAnAddress: "the start URL is not a web address", "It looks like https://acme.awsapps.com/start; your administrator has it.", Some(Action::Edit);
    StartUrlNotHttps: "the start URL does not begin with https://", "Type the whole address, https:// included.", Some(Action::Edit);
    BadRegion: "that is not a Region", "Type the Region where IAM Identity Center lives, like eu-west-1.", Some(Action::Edit);
    UnknownSsoSession: "no SSO session has this name", "Run `daypass status` to see those there are, or sign in with a start URL.", None;
    NotSignedIn: "you are not signed in", "Sign in first.", Some(Action::SignIn);
    NoSignIn: "no sign-in is under way", "Start one with Sign in.", Some(Action::SignIn);
    SignInBusy: "another sign-in is under way", "Finish it in the browser, or cancel it.", None;
    UnknownRole: "this role is not in the list", "Sync the list, or ask your administrator for the assignment.", Some(Action::Sync);
    UnknownSession: "no session has this id", "Run `daypass sessions` to see those there are.", None;
    NoLiveSession: "no session is live", "Request one first: `daypass request ROLE@ACCOUNT`.", None;
    SessionNotLive: "this session is not live", "Request it again.", Some(Action::Retry);
    NothingAccepted: "AWS no longer accepts anything that was issued for this session", "There is nothing left to end there.", None;
    SessionLive: "this session is still live", "End it first.", None;
    DurationTooShort: "a lease lasts at least 1 min", "Ask for 1 min or more.", None;
    DurationTooLong: "a lease lasts at most 12 h", "Shorten to 12 h.", None;
    ReasonTooLong: "the reason is longer than 256 characters", "Shorten it, and link the ticket instead.", None;
    ReasonMissing: "your organisation asks for a reason", "Say what it is for, with the ticket if there is one.", None;
    DurationOverOrganisation: "your organisation allows less time for this role", "Shorten the lease.", None;
    ScopeNeedsChain: "what Identity Center hands out is always the whole role", "To take less, go through a chained role; to go on without, take the whole role.", None;
    LabelsNeedChain: "tags, source identity and external ID go along with a chained role only", "Choose a chained role, or leave them out.", None;
    TooManyHops: "the way has more than 5 chained roles", "Take a shorter way.", None;
    ScopeTooWide: "a scope names more than 20 Regions, address ranges or services", "Name fewer, or write a custom policy.", None;
    NoServices: "no service is named", "Name one or more as in actions: s3, dynamodb.", None;
    NoGrants: "the preset allows nothing as it is", "Choose at least one of its actions.", None;
    UnknownPreset: "there is no such preset", "Choose one from the list; an organisation's file may have changed.", None;
    ParameterMissing: "the preset is not filled in", "Fill in what is empty.", None;
    ParameterInvalid: "a name has characters it cannot have", "Write it as AWS shows it, without * and ?; a custom policy takes patterns.", None;
    PolicyCount: "a session takes 1 to 10 managed policies", "Name fewer, or at least one.", None;
    PolicyTooLong: "the session policy is too long", "AWS takes 2,048 characters: shorten it.", None;
    PolicyNotJson: "the policy is no JSON", "Correct it at the place shown.", None;
    PolicyWrong: "the policy is not built as IAM asks", "It needs Version and Statement, each with Effect, Action and Resource.", None;
    PolicyPrincipal: "a session policy has no Principal", "Remove it: the session itself is the principal.", None;
    PolicyAction: "an action is not written as service:Action", "Write it like s3:GetObject.", None;
    PolicyResource: "a resource is no ARN", "Write it like arn:aws:s3:::bucket/*, or *.", None;
    PolicyCondition: "a condition is not one that IAM knows", "Check its operator and its values.", None;
    PolicyCharacters: "the policy has characters that AWS does not take", "Write them as \\u and four digits.", None;
    TooManyTags: "there are more than 50 session tags", "Leave some out.", None;
    TagTwice: "two session tags have the same key", "Rename one: case does not count.", None;
    NoRoleArn: "that is not the ARN of a role", "It looks like arn:aws:iam::111122223333:role/Name.", None;
    NoExternalId: "that is not an external ID", "It has 2 to 1,224 letters, digits or +=,.@:/_-.", None;
    NoSessionName: "that is not a session name", "It has 2 to 64 letters, digits or +=,.@_-.", None;
    NoSourceIdentity: "that is not a source identity", "It has 2 to 64 letters, digits or +=,.@_-.", None;
    NoTagKey: "that is not the key of a session tag", "It has 1 to 128 letters, digits, spaces or _.:/=+-@.", None;
    TagReserved: "keys that begin with aws: are AWS's own", "Give the session tag another key.", None;
    NoTagValue: "that is not the value of a session tag", "It has at most 256 letters, digits, spaces or _.:/=+-@.", None;
    NoPolicyArn: "that is not the ARN of a managed policy", "It looks like arn:aws:iam::aws:policy/ReadOnlyAccess.", None;
    NoService: "that is not a service", "Name services as in actions: s3, dynamodb, logs.", None;
    NoAddresses: "that is not an address or a range", "It looks like 203.0.113.7 or 203.0.113.0/24.", None;
    PoliciesBesideWhole: "managed policies add nothing to the whole role", "Choose Policies to take only what they allow.", None;
    /// Said before AWS judges.
    PolicyLong: "AWS may find the session policy too long", "It takes 2,048 characters: shorten it.", None;
    /// Said before AWS judges.
    TagsLong: "AWS may find the session tags too large", "They have room for about 455 characters in all.", None;
    /// Said of a lease that AWS's shortest credentials outlive.
    LeaseUnderCredentials: "AWS issues credentials for 15 min at least", "Daypass forgets them at the lease end; AWS itself still honours them until then.", None;
    UnknownPass: "no pass has this name", "Run `daypass pass list` to see those there are.", None;
    BadPassName: "a pass has a name of 1 to 80 characters", "Give it another name.", None;
    TooManyPasses: "there are 100 passes", "Remove some that you no longer need.", None;
    BadChainedRole: "a chained role is not named as an ARN", "Write it like arn:aws:iam::{account}:role/Name.", None;
    BadCredentialLength: "credentials of chained roles live 20 to 60 min", "Choose a length between.", None;
    BadIdle: "an idle limit is 1 min to 8 h", "Choose one between, or leave it off.", None;
    OrganisationBroken: "your organisation's file could not be understood", "What it said before still holds, or nothing; tell your administrator. ~/.local/state/daypass/agent.log names the line.", None;
    BadPattern: "a pattern for accounts is empty, too long or has odd characters", "Write a name or an id; * stands for anything.", None;
    BadCommand: "a command is empty, too long or has odd characters", "Write it as in a shell, on one line.", None;
    SsoSessionTwice: "two SSO sessions have the same name", "Give one of them another name.", None;
    SsoSessionInUse: "this SSO session is signed in to", "Sign out of it first.", None;
    TooManyEntries: "there are more than 500 entries", "Use patterns with * to say the same with fewer.", None;
    TooManySessions: "50 sessions are live", "End some that you no longer need.", None;

    // Sign-in.
    SignInRefused: "the sign-in was refused in the browser", "Try again, and choose Allow.", Some(Action::Retry);
    SignInTimedOut: "the browser did not come back within 10 minutes", "Try again.", Some(Action::Retry);
    SignInCancelled: "the sign-in was cancelled", "Request it again when you are ready.", Some(Action::Retry);
    SignInLapsed: "your sign-in has lapsed", "Sign in to go on.", Some(Action::SignIn);
    StartUrlRefused: "Identity Center does not know this start URL in this Region", "Check both: AWS shows them under Settings in IAM Identity Center.", Some(Action::Edit);
    SignInNotAccepted: "Identity Center did not accept what the browser brought", "Try again; check this computer's clock if it stays so.", Some(Action::Retry);
    DeviceCodeExpired: "the device code has expired", "Try again; a code is good for about 10 minutes.", Some(Action::Retry);
    /// Shown after 30 s of waiting: AWS tells of a wrong Region in the browser only.
    CodeWaits: "the code has not been approved yet", "If the browser shows an error, check the start URL and the Region.", Some(Action::Edit);
    StillWaiting: "the browser has not come back yet", "If it shows an error, check the start URL and the Region.", Some(Action::Edit);

    // The other party and the way to it.
    Unreachable: "AWS cannot be reached", "Check the network, the VPN and the proxy, then try again.", Some(Action::Retry);
    NameNotFound: "the name of AWS's server cannot be looked up", "Check the network and the VPN; a wrong Region looks like this too.", Some(Action::Retry);
    ConnectionRefused: "the connection to AWS was refused", "A firewall or a proxy that does not run may be in the way; check HTTPS_PROXY, then try again.", Some(Action::Retry);
    ConnectionLost: "the connection to AWS broke off", "Try again; if it stays so, a firewall or proxy may be cutting it.", Some(Action::Retry);
    ProxyAuth: "the proxy asks for a user name and password", "Put them into HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), then start Daypass again.", Some(Action::Quit);
    ProxyFailed: "the proxy does not let Daypass through to AWS", "Check HTTPS_PROXY and NO_PROXY, or ask who runs the proxy.", Some(Action::Retry);
    UnknownCa: "AWS's certificate is not from an authority this computer trusts", "If your company inspects TLS, name its CA file in AWS_CA_BUNDLE, then start Daypass again; else you may be on a hostile network.", Some(Action::Quit);
    BadCaBundle: "the file that AWS_CA_BUNDLE names holds no certificates that can be read", "Correct AWS_CA_BUNDLE or unset it, then start Daypass again.", Some(Action::Quit);
    /// Shown while a call is under way, beside what ends the wait.
    SlowAnswer: "AWS has not answered yet", "Daypass goes on waiting; check the network and the proxy if it stays so.", None;
    TimedOut: "AWS did not answer in time", "Try again; check the network if it stays so.", Some(Action::Retry);
    NotAws: "the answer did not come from AWS", "A network sign-in page may be in the way: open any web page, sign in there, then try again.", Some(Action::Retry);
    EmptyAnswer: "the answer had nothing in it of what was asked for", "Try again; if it stays so, look whether a proxy or a filter takes answers away.", Some(Action::Retry);
    Throttled: "AWS asks for fewer calls", "Wait a minute, then try again.", Some(Action::Retry);
    RoleNotAssigned: "this role is no longer assigned to you", "Sync the list, or ask your administrator for the assignment.", Some(Action::Sync);
    ListRefused: "Identity Center does not let you list your accounts", "Sign out and in again; if it stays so, ask your administrator.", Some(Action::Sync);
    ChainRefused: "the chained role does not let this session in", "Its trust policy has to name the role before it, and to ask for no MFA (a sign-in of Identity Center never counts as that); where it asks for an external ID, give the same.", None;
    ChainNoTags: "the chained role does not take session tags", "Leave the tags out, or have its trust policy allow sts:TagSession.", None;
    ChainNoSourceIdentity: "the chained role does not take a source identity", "Leave it out, or have its trust policy allow sts:SetSourceIdentity.", None;
    ChainNotAllowed: "the role before it may not take the chained role", "Its permission set has to allow sts:AssumeRole on it, and sts:TagSession and sts:SetSourceIdentity where such go along; ask your administrator.", None;
    PackedTooLarge: "scope and tags together are larger than AWS takes", "Shorten the tags or the policy.", None;
    PolicyRefused: "AWS did not accept the session policy", "Check its actions, resources and conditions.", None;
    PolicyArnUnknown: "AWS does not know one of the managed policies", "Check their ARNs; your own stand in the account of the chained role.", None;
    ChainTooLong: "AWS lets credentials of a chained role live 1 h at most", "The lease may be longer: programs are given new ones by themselves, a console is opened anew.", None;
    AwsTrouble: "AWS reports trouble of its own", "Try again in a minute.", Some(Action::Retry);
    AwsRefused: "AWS refused this", "Try again; ~/.local/state/daypass/agent.log names the error code.", Some(Action::Retry);
    InsecureEndpoint: "an endpoint setting names a plain-http address", "Remove the AWS_ENDPOINT_URL_* or DAYPASS_FEDERATION_URL variable, or use https; then start Daypass again.", Some(Action::Quit);
    ConsoleRefused: "AWS did not open the console with this session", "Renew the session, then open the console again.", Some(Action::Retry);

    // This machine.
    ClockOff: "this computer's clock is more than 2 minutes off AWS's", "Daypass reckons with the difference, other programs may fail: set the clock (timedatectl set-ntp true), then choose Sync.", Some(Action::Sync);
    SettingsBroken: "settings.toml could not be understood", "It is kept as settings.toml.bad, and the defaults are used; ~/.local/state/daypass/agent.log names the line.", Some(Action::Settings);
    SettingsInvalid: "settings.toml has a mistake, and the settings before it are still used", "Correct it; ~/.local/state/daypass/agent.log names the line.", Some(Action::Settings);
    SettingsUnknown: "settings.toml has a setting Daypass does not know", "Correct its name; ~/.local/state/daypass/agent.log has it.", Some(Action::Settings);
    SettingsUnwritable: "the settings could not be written", "Make room on the disk, or make the folder ~/.config/daypass writable, then try again.", Some(Action::Retry);
    // The first four are said of keeping a sign-in and of taking a kept one up: true of who is signed in and of who is not.
    KeyringAbsent: "no system keyring answers", "Without one a sign-in lasts until Daypass quits. Install and start one (gnome-keyring or KWallet), then choose Keep me signed in again.", Some(Action::Keep);
    KeyringLocked: "the system keyring is locked", "Unlock it, then choose Keep me signed in again.", Some(Action::Keep);
    KeyringSilent: "the system keyring does not answer", "Without it a sign-in lasts until Daypass quits. Look for a window of the keyring that asks for its password, then choose Keep me signed in again.", Some(Action::Keep);
    KeyringRefused: "the system keyring refused what Daypass asked of it", "Without it a sign-in lasts until Daypass quits. Look whether it has a default collection, then choose Keep me signed in again.", Some(Action::Keep);
    KeyringStillHolds: "the system keyring may still hold a sign-in that it was to drop", "Unlock it, or start it, then choose Take it out.", Some(Action::Forget);
    PracticeMissing: "the practice organisation could not be started", "Reinstall Daypass: the program daypass-practice belongs beside it.", Some(Action::Retry);
    PracticeEnded: "the practice organisation has stopped", "Start another one; its leases are over.", Some(Action::Retry);
    NoTerminal: "no terminal program was found", "Install one (xterm, say), or name yours in the settings.", Some(Action::Settings);
    TerminalFailed: "the terminal program did not start", "Check the terminal command in the settings, or install another terminal.", Some(Action::Settings);
    NoClipboard: "the clipboard could not be reached", "Copy the command from the window instead.", None;
    NoWindow: "the window could not be opened", "Start Daypass in a desktop session; without one, use the command `daypass`.", None;
    AutostartForeign: "there is an autostart entry for Daypass that it did not write", "Remove app.daypass.Daypass.desktop from the folder autostart in ~/.config, then switch Start at login off and on.", Some(Action::Settings);
    AutostartUnwritable: "the autostart entry could not be written", "Make room on the disk, or make the folder ~/.config/autostart writable, then switch Start at login off and on.", Some(Action::Settings);
    NoBrowser: "no browser could be opened", "Open the address yourself, or name a browser in the settings.", Some(Action::Settings);
    NoCommand: "the program daypass is not beside this one", "Reinstall Daypass.", None;
    CommandNotFound: "there is no such program", "Check the name after `--`.", None;
    AgentMissing: "the agent could not be started", "Reinstall Daypass: the program daypass-agent belongs beside it.", None;
    AgentSilent: "the agent does not answer", "End the process daypass-agent, then try again.", None;
    AgentQuit: "Daypass was quit meanwhile", "Start it, then try again.", None;
    AgentBusy: "the agent has as many clients as it takes", "Close some shells that Daypass opened, then try again.", Some(Action::Retry);
    LookUnderWay: "the agent looks already, for others", "Wait a moment, then try again.", Some(Action::Retry);
    AgentRunning: "another agent is already running", "Use that one, or stop it with `daypass quit`.", None;
    AgentOlder: "the agent that runs is of another version", "Stop it with `daypass quit`, then try again. Its leases end.", None;
    SocketFolder: "the folder for Daypass's socket belongs to somebody else or is open to others", "Remove the folder daypass in XDG_RUNTIME_DIR (or ~/.local/state/daypass/run), then try again.", None;
    NoMemory: "no memory could be had for the credentials", "Close some programs, then try again.", Some(Action::Retry);
    /// A bug of ours.
    Internal: "Daypass made a mistake", "Try again; if it stays so, report it with ~/.local/state/daypass/agent.log.", Some(Action::Retry);
    AuditUnwritable: "the audit log cannot be written, so no new session is given", "Make room on the disk, or make the folder ~/.local/state/daypass writable, then try again.", Some(Action::Retry);
    AuditUnreadable: "the audit log cannot be read", "Look at who owns the files audit*.jsonl in ~/.local/state/daypass.", Some(Action::Retry);
    ExportUnwritable: "the export could not be written", "Make room on the disk, or make your downloads folder writable, then try again.", Some(Action::Retry);
}

impl Failure {
    /// Why a kept sign-in was not taken up: the keyring, or the way to AWS.
    pub(crate) fn of_taking_up(code: Code) -> Self {
        let failure = Self::from(code);
        if failure.is_of_keyring() {
            return failure;
        }
        let fact = format!("the sign-in that the keyring keeps was not taken up: {}", failure.fact);
        Self { fact, action: Some(Action::Retry), ..failure }
    }

    pub(crate) fn is_of_keyring(&self) -> bool {
        matches!(self.action, Some(Action::Keep | Action::Forget))
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        let (fact, advice, action) = code.words();
        Self { code, fact: fact.to_owned(), advice: advice.to_owned(), action }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_a_fact_and_every_advice_a_sentence() {
        for &code in Code::ALL {
            let Failure { fact, advice, .. } = code.into();
            assert!(!fact.ends_with('.') && !fact.is_empty(), "{code:?}");
            assert!(advice.ends_with('.') && advice.starts_with(char::is_uppercase), "{code:?}");
            assert!(!fact.to_lowercase().contains("error"), "{code:?}");
        }
    }

    /// What goes wrong without anybody having asked for something wrong.
    const BAD_DAYS: [Code; 33] = [
        Code::SignInRefused,
        Code::SignInTimedOut,
        Code::SignInLapsed,
        Code::SignInNotAccepted,
        Code::DeviceCodeExpired,
        Code::Unreachable,
        Code::NameNotFound,
        Code::ConnectionRefused,
        Code::ConnectionLost,
        Code::ProxyAuth,
        Code::ProxyFailed,
        Code::UnknownCa,
        Code::BadCaBundle,
        Code::TimedOut,
        Code::NotAws,
        Code::EmptyAnswer,
        Code::Throttled,
        Code::RoleNotAssigned,
        Code::ListRefused,
        Code::AwsTrouble,
        Code::AwsRefused,
        Code::InsecureEndpoint,
        Code::ConsoleRefused,
        Code::ClockOff,
        Code::SettingsBroken,
        Code::SettingsUnwritable,
        Code::KeyringAbsent,
        Code::KeyringLocked,
        Code::KeyringSilent,
        Code::KeyringRefused,
        Code::KeyringStillHolds,
        Code::PracticeMissing,
        Code::PracticeEnded,
    ];

    #[test]
    fn every_bad_day_has_words_of_its_own_and_a_button() {
        let mut facts = std::collections::BTreeSet::new();
        for code in BAD_DAYS {
            let Failure { fact, advice, action, .. } = code.into();
            assert!(action.is_some(), "{code:?}");
            assert!(facts.insert(fact), "{code:?}");
            let says_again = advice.contains("start Daypass again");
            assert_eq!(
                says_again,
                action == Some(Action::Quit),
                "{code:?}: what is advised is what the button does"
            );
        }
    }
}
