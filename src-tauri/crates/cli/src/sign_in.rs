//! Signing in and out: the browser, the wait, Ctrl-C; and the practice organisation.

use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    task::Poll,
    time::Duration,
};

use daypass_domain::{
    failure::{Code, Failure},
    ids::SsoSessionName,
    request::{Intent, SignInTarget},
    settings::Way,
    sso::Source,
    view::{DeviceView, SignInStatus, SsoSessionView, View},
};
use daypass_wire::{
    client::Client,
    follow::{self, Wanted},
};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    agent,
    args::SignInPlace,
    child, json,
    text::{capitalised, escape, print, print_json, say},
    trouble::Trouble,
};

/// How long the practice organisation may take to start.
const PRACTICE_PATIENCE: Duration = Duration::from_secs(15);
/// What ends a command that waits; the first is Ctrl-C.
const ENDINGS: [i32; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// What becomes of an address to sign in at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Address {
    Open,
    Print { json: bool },
}

impl Address {
    const fn wanted(print_url: bool, json: bool) -> Self {
        if print_url { Self::Print { json } } else { Self::Open }
    }
}

/// `daypass sign-in`
pub(crate) async fn sign_in(place: SignInPlace, json: bool) -> Result<(), Trouble> {
    let client = agent::started().await?;
    let view = agent::view(&client).await?;
    let target = match (place.start_url, place.sso_region) {
        (Some(start_url), Some(region)) => SignInTarget::Typed { start_url, region },
        _ => {
            let named = place.sso_session.as_ref();
            let sso = agent::sso_session(&view, named, |_| true, Code::UnknownSsoSession)?;
            SignInTarget::Named { sso_session: sso.name.clone() }
        }
    };
    let way = place.device_code.then_some(Way::DeviceCode);
    let intent = Intent::SignIn { target, way, keep: place.keep_signed_in.then_some(true) };
    let name = ask_and_wait(&client, intent, Address::wanted(place.print_url, json)).await?;
    tell(&client, &name, json).await
}

/// `daypass sign-out`
pub(crate) async fn sign_out(named: Option<&SsoSessionName>, json: bool) -> Result<(), Trouble> {
    let Some(client) = agent::running().await? else { return Err(Code::NotSignedIn.into()) };
    let view = agent::view(&client).await?;
    let is_in = |sso: &SsoSessionView| sso.status != SignInStatus::SignedOut;
    let name = agent::sso_session(&view, named, is_in, Code::NotSignedIn)?.name.clone();
    let remains = client.ask(Intent::SignOut { sso_session: name.clone() }).await?.remains;
    if json {
        let (status, remains) = (SignInStatus::SignedOut, remains.as_deref());
        return Ok(print_json(&json::SignedOut { sso_session: &name, status, remains })?);
    }
    Ok(print(&format!("Signed out of {}. {}\n", escape(name.as_str()), remains.unwrap_or_default()))?)
}

/// `daypass practice`
pub(crate) async fn practice(no_sign_in: bool, print_url: bool, json: bool) -> Result<(), Trouble> {
    let client = agent::started().await?;
    let noticed = agent::view(&client).await?.notice;
    client.ask(Intent::Practice).await?;
    let is_there = |view: &View| {
        let sso = view.sso_sessions.iter().find(|sso| sso.source == Source::Practice);
        let failure = view.notice.clone().filter(|_| view.notice != noticed).map(|notice| notice.failure);
        sso.map(|sso| Ok((sso.name.clone(), sso.status))).or_else(|| failure.map(Err::<_, Failure>))
    };
    let started = timeout(PRACTICE_PATIENCE, client.wait_for(is_there)).await;
    let (name, status) = started.map_err(|_| Code::PracticeMissing)???;
    if no_sign_in {
        if json {
            return tell(&client, &name, json).await;
        }
        return Ok(print("The practice organisation runs. Sign in with `daypass practice`.\n")?);
    }
    if status != SignInStatus::SignedIn {
        let target = SignInTarget::Named { sso_session: name.clone() };
        ask_and_wait(&client, Intent::sign_in(target), Address::wanted(print_url, json)).await?;
    }
    tell(&client, &name, json).await?;
    if !json && agent::has_reader() {
        say("See what there is with `daypass roles`.");
    }
    Ok(())
}

/// Signs in to `name` on the way to something else.
pub(crate) async fn to(client: &Client, name: &SsoSessionName) -> Result<(), Trouble> {
    let target = SignInTarget::Named { sso_session: name.clone() };
    ask_and_wait(client, Intent::sign_in(target), Address::Open).await.map(drop)
}

/// Waits through sign-in `attempt`, which the agent started by itself; `before` was under way when it was asked.
pub(crate) async fn through(client: &Client, attempt: u32, before: Option<u32>) -> Result<(), Trouble> {
    wait(client, attempt, before, Address::Open).await
}

/// The sign-in under way.
pub(crate) fn under_way(client: &Client) -> Option<u32> {
    client.views().borrow().as_ref()?.sign_in.as_ref().map(|sign_in| sign_in.attempt)
}

/// Returns the SSO session signed in to.
async fn ask_and_wait(client: &Client, intent: Intent, address: Address) -> Result<SsoSessionName, Trouble> {
    let before = under_way(client);
    let answer = client.ask(intent.clone()).await?;
    let view = agent::view(client).await?;
    let name = match (intent, &view.sign_in) {
        (Intent::SignIn { target: SignInTarget::Named { sso_session }, .. }, _) => sso_session,
        (_, Some(sign_in)) => sign_in.sso_session.clone(),
        // The sign-in is over already: the newest is the one typed.
        (_, None) => newest(&view)?,
    };
    if let Some(attempt) = answer.attempt {
        wait(client, attempt, before, address).await?;
    }
    Ok(name)
}

fn newest(view: &View) -> Result<SsoSessionName, Trouble> {
    let newest = view.sso_sessions.iter().max_by_key(|sso| sso.signed_in_at);
    Ok(newest.ok_or(Code::UnknownSsoSession)?.name.clone())
}

/// Opens the browser and waits until it came back. Ctrl-C and a missing browser cancel the sign-in; whatever else ends
/// us does so too, unless it was under way `before`: then it is somebody else's.
async fn wait(client: &Client, attempt: u32, before: Option<u32>, address: Address) -> Result<(), Trouble> {
    // Never the first to end: what it would end is the waiting.
    let hinting = async {
        hints(client, attempt).await;
        pending::<Infallible>().await
    };
    let (outcome, is_over) = tokio::select! {
        never = hinting => match never {},
        outcome = steps(client, attempt, address) => {
            let is_over = outcome.as_ref().is_err_and(|t| t.is(Code::SignInCancelled) || t.is(Code::NoBrowser));
            (outcome, is_over)
        }
        signal = ending() => {
            // What a shell reports for a program that a signal ended.
            let exit = u8::try_from(128 + signal).unwrap_or(1);
            let is_ours = signal == libc::SIGINT || before != Some(attempt);
            (Err(Trouble::from(Code::SignInCancelled).with_exit(exit)), is_ours)
        }
    };
    if is_over {
        client.ask(Intent::CancelSignIn).await.ok();
    }
    outcome
}

/// The first signal that asks us to end.
async fn ending() -> i32 {
    let Ok(mut signals) = child::take(&ENDINGS) else { return pending().await };
    poll_fn(|context| {
        let came = signals
            .iter_mut()
            .find_map(|(number, signal)| signal.poll_recv(context).is_ready().then_some(*number));
        came.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

async fn steps(client: &Client, attempt: u32, address: Address) -> Result<(), Trouble> {
    let url = match follow::sign_in_wants(client, attempt).await? {
        Wanted::Browser(url) => url,
        Wanted::DeviceCode(device) => {
            show_code(client, &device, address).await?;
            return Ok(follow::signed_in(client, attempt).await?);
        }
        Wanted::Nothing => return Ok(()),
    };
    match address {
        Address::Print { json: true } => {
            print_json(&json::Url { url: &url, user_code: None, expires_at: None })?
        }
        Address::Print { json: false } => print(&format!("{url}\n"))?,
        Address::Open => {
            open(
                client,
                url,
                "Run `daypass sign-in --print-url` and open the address yourself, or set DAYPASS_BROWSER.",
            )
            .await?;
            if agent::has_reader() {
                say("Sign in in the browser. Ctrl-C cancels.");
            }
        }
    }
    Ok(follow::signed_in(client, attempt).await?)
}

/// Shows a device code to compare. It is approved where the person chooses, so nothing is opened.
async fn show_code(client: &Client, device: &DeviceView, address: Address) -> Result<(), Trouble> {
    if let Address::Print { json } = address {
        let url = client.ask(Intent::SignInUrl).await?.url.ok_or(Code::NoSignIn)?;
        let (user_code, expires_at) = (Some(device.user_code.as_str()), Some(device.expires_at.rfc3339()));
        if json {
            return Ok(print_json(&json::Url { url: &url, user_code, expires_at })?);
        }
        print(&format!("{url}\n"))?;
    } else {
        say(&format!("Open {} in any browser and enter the code.", escape(&device.url)));
    }
    say(&format!("Code: {}", escape(&device.user_code)));
    say(
        "Approve it only if the browser shows the same code, and only because you started this. Ctrl-C cancels.",
    );
    Ok(())
}

/// Says once what to check when the browser does not come back.
async fn hints(client: &Client, attempt: u32) {
    let hint = client.wait_for(|view| {
        view.sign_in
            .as_ref()
            .filter(|sign_in| sign_in.attempt == attempt)
            .and_then(|sign_in| sign_in.hint.clone())
    });
    if let Ok(hint) = hint.await {
        say(&format!("{}. {}", capitalised(&hint.fact), hint.advice));
    }
}

/// Opens `url` in the browser; `advice` is for where there is none.
pub(crate) async fn open(client: &Client, url: String, advice: &str) -> Result<(), Trouble> {
    let set = client.settings().browser;
    let opened = spawn_blocking(move || daypass_launch::browser::open(&url, set.as_deref())).await;
    match opened.map_err(|_| Trouble::internal())? {
        Err(failure) if failure.code == Code::NoBrowser => Err(Trouble::from(failure).with_advice(advice)),
        other => Ok(other?),
    }
}

async fn tell(client: &Client, name: &SsoSessionName, json: bool) -> Result<(), Trouble> {
    let view = agent::view(client).await?;
    let sso = agent::sso_session(&view, Some(name), |_| true, Code::UnknownSsoSession)?;
    if json {
        let identity = sso.identity.as_deref();
        return Ok(print_json(&json::SignedIn { sso_session: &sso.name, status: sso.status, identity })?);
    }
    let who = sso.identity.as_deref().map(|who| format!(" as {}", escape(who))).unwrap_or_default();
    Ok(print(&format!("Signed in to {}{who}.\n", escape(sso.name.as_str())))?)
}
