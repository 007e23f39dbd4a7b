//! Everything that clears, one after the other: what each leaves in the vaults, at the endpoint and on the card.

use std::{net::TcpStream, time::Duration};

use daypass_agent::actor::Mail;
use daypass_domain::{
    event::{Desktop, Event},
    ids::{SessionId, SsoSessionName},
    request::Intent,
    settings::{Clearing, ScreenLock, Settings},
    time::Seconds,
    view::{EndedView, View, Why},
};
use daypass_tests::{
    home::Home,
    rig::{Rig, Ticket},
};
use tokio::{io::AsyncReadExt, net::UnixStream, time::timeout};

#[derive(Clone, Copy, Debug)]
enum Trigger {
    LeaseEnd,
    End,
    EndAll,
    SignOut,
    Desktop(Desktop),
    /// The screen has been locked for five minutes.
    LockedLong,
    Quit,
}

/// What happens, why the card says it ended, and whether sign-ins go too. SIGTERM asks the agent to quit.
const TRIGGERS: [(Trigger, Why, bool); 10] = [
    (Trigger::LeaseEnd, Why::LeaseEnd, false),
    (Trigger::End, Why::Ended, false),
    (Trigger::EndAll, Why::Ended, false),
    (Trigger::SignOut, Why::SignedOut, true),
    (Trigger::Desktop(Desktop::ScreenLocked), Why::ScreenLock, false),
    (Trigger::LockedLong, Why::ScreenLock, false),
    (Trigger::Desktop(Desktop::Sleeps), Why::Sleep, true),
    (Trigger::Desktop(Desktop::UserSwitched), Why::UserSwitch, true),
    (Trigger::Desktop(Desktop::Idle), Why::Idle, false),
    (Trigger::Quit, Why::Quit, true),
];

fn acme() -> SsoSessionName {
    "acme".parse().unwrap()
}

async fn pull(rig: &Rig, trigger: Trigger, lease: &SessionId) {
    let happens = async |what| rig.agent.mail.send(Mail::Event(Event::Desktop(what))).await.unwrap();
    match trigger {
        Trigger::LeaseEnd => rig.pass(Seconds::minutes(30)).await,
        Trigger::End => drop(rig.ask(Intent::End { session: lease.clone() }).await.unwrap()),
        Trigger::EndAll => drop(rig.ask(Intent::EndAll).await.unwrap()),
        Trigger::SignOut => drop(rig.ask(Intent::SignOut { sso_session: acme() }).await.unwrap()),
        Trigger::Desktop(what) => happens(what).await,
        Trigger::LockedLong => {
            happens(Desktop::ScreenLocked).await;
            rig.settled().await;
            rig.pass(Seconds::minutes(5)).await;
        }
        Trigger::Quit => drop(rig.ask(Intent::Quit).await),
    }
}

fn receipt(view: &View, lease: &SessionId) -> Option<EndedView> {
    view.sessions.iter().find(|s| s.session == *lease)?.ended.clone()
}

/// Whether the connection ends: before, there is a byte for each change of the lease.
async fn is_told(connection: &mut UnixStream) -> bool {
    let mut bytes = Vec::new();
    timeout(Duration::from_secs(5), connection.read_to_end(&mut bytes)).await.is_ok()
}

/// Nobody listens, or whoever does knows the path no longer.
async fn is_gone(rig: &Rig, ticket: &Ticket) -> bool {
    let authority = ticket.url.split('/').nth(2).unwrap();
    TcpStream::connect(authority).is_err() || rig.fetch(ticket).await.status == 404
}

#[tokio::test]
async fn whatever_clears_leaves_empty_vaults_no_endpoint_and_a_full_receipt() {
    for (trigger, why, takes_sign_in) in TRIGGERS {
        let mut rig = Rig::signed_in().await;
        let at_once = !matches!(trigger, Trigger::LockedLong);
        let screen_lock = if at_once { ScreenLock::AtOnce } else { ScreenLock::AfterFiveMinutes };
        let clearing = Clearing { screen_lock, idle: Some(Seconds::minutes(5)), ..Clearing::default() };
        let settings = Box::new(Settings { clearing, ..Settings::default() });
        rig.ask(Intent::Configure { settings }).await.unwrap();
        let lease = rig.lease(30).await;
        let mut ticket = rig.ticket(&lease).await.unwrap();
        assert_eq!(rig.fetch(&ticket).await.status, 200, "{trigger:?}");

        pull(&rig, trigger, &lease).await;
        // No time passes until here: what is left now would be left after a second.
        let ended = match trigger {
            Trigger::Quit => {
                rig.agent.ended().await;
                receipt(rig.client.views().borrow().as_ref().unwrap(), &lease)
            }
            _ => {
                rig.settled().await;
                receipt(&*rig.view().await, &lease)
            }
        };

        let secrets = &rig.agent.secrets;
        assert!(secrets.credentials.lend(&lease).is_none(), "{trigger:?}");
        assert!(secrets.tickets.lend(&lease).is_none(), "{trigger:?}");
        assert_eq!(secrets.sign_ins.lend(&acme()).is_none(), takes_sign_in, "{trigger:?}");
        assert!(is_gone(&rig, &ticket).await, "{trigger:?}");
        let ended = ended.unwrap_or_else(|| panic!("{trigger:?} ended nothing"));
        assert_eq!((ended.why, ended.wiped_pages, ended.clients_told), (why, 3, 1), "{trigger:?}");
        assert!(ended.aws_accepts_until.is_some() && ended.key_id_end.is_some(), "{trigger:?}");
        assert!(is_told(&mut ticket.revealed.connection).await, "{trigger:?}: its holder");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_leaves_no_listener_no_child_and_shells_that_fail_closed() {
    for signal in ["-TERM", "-INT", "-KILL", "-ABRT"] {
        let mut home = Home::new(None).await;
        home.ask(Intent::Practice).await;
        home.until(|v| v.sso_sessions.len() == 2).await;
        let practice = home.children();
        home.sign_in().await;
        let lease = home.lease().await;
        let mut holder = home.holder(&lease).await;
        let url = holder.grant.url.clone().unwrap();
        let authority = url.split('/').nth(2).unwrap();
        assert!(TcpStream::connect(authority).is_ok(), "{signal}");

        home.signal(signal);
        home.agent.wait().unwrap();

        assert!(TcpStream::connect(authority).is_err(), "{signal}: the endpoint");
        assert!(is_told(&mut holder.connection).await, "{signal}: its holder");
        let lives = |pid: &String| std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok();
        while practice.iter().any(lives) {
            tokio::task::yield_now().await;
        }
        let last = home.client.views().borrow().clone().unwrap();
        if ["-TERM", "-INT"].contains(&signal) {
            assert_eq!(
                receipt(&last, &lease).map(|e| e.why),
                Some(Why::Quit),
                "{signal}: clients see its card"
            );
        }
    }
}
