//! The commands a page may call.

use std::sync::Arc;

use daypass_domain::{
    catalog::RoleEntry,
    desktop::Wish,
    failure::{Code, Failure},
    request::{Answer, Intent},
    view::View,
};
use serde::Deserialize;
use tauri::{AppHandle, Runtime, State, WebviewWindow, ipc::Channel};

use crate::{flow, link::Link, switcher, window};

/// Every command there is.
pub(crate) fn handler<R: Runtime>() -> impl Fn(tauri::ipc::Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![watch, ask, catalog, wish]
}

/// The current view first, newer ones in order, null while the agent is away.
#[tauri::command]
async fn watch<R: Runtime>(
    page: WebviewWindow<R>,
    link: State<'_, Arc<Link>>,
    channel: Channel<Option<View>>,
) -> Result<(), Failure> {
    let link = Arc::clone(&link);
    tauri::async_runtime::spawn(async move {
        link.watch(page.label(), |view| channel.send(view).is_ok()).await;
    });
    Ok(())
}

/// Does what a person asks, or says why not.
#[tauri::command]
async fn ask<R: Runtime>(
    app: AppHandle<R>,
    page: WebviewWindow<R>,
    link: State<'_, Arc<Link>>,
    intent: Option<serde_json::Value>,
) -> Result<Answer, Failure> {
    let intent = Intent::deserialize(intent.unwrap_or_default()).map_err(|_| Code::Malformed)?;
    let is_quit = intent == Intent::Quit;
    let answer = flow::ask(&link, intent, None).await;
    if is_quit {
        app.exit(0);
    }
    if page.label() == switcher::LABEL {
        tauri::async_runtime::spawn(see(app, Arc::clone(&link), answer.clone()));
    }
    answer
}

/// The switcher is gone by the time something fails, or wants a person: the main window has that.
async fn see<R: Runtime>(app: AppHandle<R>, link: Arc<Link>, answer: Result<Answer, Failure>) {
    let needs_window = match answer {
        Ok(answer) => flow::needs_window(&link, answer).await,
        Err(failure) => {
            link.warn(failure);
            true
        }
    };
    if needs_window {
        window::raise(&app);
    }
}

/// Every role of every SSO session.
#[tauri::command]
async fn catalog(link: State<'_, Arc<Link>>) -> Result<Vec<RoleEntry>, Failure> {
    link.catalog().await
}

/// Does what a page wants of the desktop itself.
#[tauri::command]
async fn wish<R: Runtime>(
    app: AppHandle<R>,
    link: State<'_, Arc<Link>>,
    wish: Option<serde_json::Value>,
) -> Result<(), Failure> {
    match Wish::deserialize(wish.unwrap_or_default()).map_err(|_| Code::Malformed)? {
        Wish::Show { what } => {
            link.show(what);
            window::raise(&app);
            switcher::hide(&app);
        }
        Wish::HideSwitcher => switcher::hide(&app),
        Wish::Dismiss { id } => link.change(|desktop| desktop.notifications.retain(|n| n.id != id)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use daypass_mutants::{check, of_json};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tauri::{
        App, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
        ipc::{CallbackFn, InvokeBody},
        test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder},
        webview::InvokeRequest,
    };

    use super::*;

    /// A page under the real settings and capabilities, without a screen and without an agent.
    struct Page {
        window: WebviewWindow<MockRuntime>,
        _app: App<MockRuntime>,
    }

    impl Page {
        fn open() -> Self {
            Self::labelled("main")
        }

        fn labelled(label: &str) -> Self {
            let app = mock_builder()
                .manage(Arc::new(Link::default()))
                .invoke_handler(handler::<MockRuntime>())
                .build(crate::context())
                .unwrap();
            let window = WebviewWindowBuilder::new(&app, label, WebviewUrl::default()).build().unwrap();
            Self { window, _app: app }
        }

        fn call_from(&self, url: &str, command: &str, body: Value) -> Result<Value, Value> {
            let request = InvokeRequest {
                cmd: command.to_owned(),
                callback: CallbackFn(0),
                error: CallbackFn(1),
                url: url.parse().unwrap(),
                body: InvokeBody::Json(body),
                headers: tauri::http::HeaderMap::default(),
                invoke_key: INVOKE_KEY.to_owned(),
            };
            get_ipc_response(&self.window, request).map(|answer| answer.deserialize().unwrap())
        }

        fn call(&self, command: &str, body: Value) -> Result<Value, Value> {
            self.call_from("tauri://localhost", command, body)
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("intent".to_owned()),
            Just("kind".to_owned()),
            Just("session".to_owned()),
            Just("request".to_owned()),
            ".*"
        ];
        leaf.prop_recursive(6, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map(key.clone(), inner, 0..8).prop_map(|m| m.into_iter().collect()),
            ]
        })
    }

    #[test]
    fn what_is_no_intent_is_refused_in_words() {
        let page = Page::open();
        for body in [
            json!({}),
            json!({ "intent": null }),
            json!({ "intent": [] }),
            json!({ "intent": {"kind": "fly"} }),
            json!({ "intent": {"kind": "end"} }),
            json!({ "intent": {"kind": "end", "session": "../../etc"} }),
            json!({ "intent": {"kind": "renew", "session": {"$ne": 1}} }),
        ] {
            assert_eq!(page.call("ask", body.clone()).unwrap_err()["code"], "malformed", "{body}");
        }
    }

    #[test]
    fn random_json_is_refused_too() {
        let page = Page::open();
        check(250, any_json(), |intent| {
            let refused = page.call("ask", json!({ "intent": intent })).unwrap_err();
            prop_assert_eq!(&refused["code"], "malformed");
            Ok(())
        });
    }

    #[test]
    fn mutants_of_what_the_page_asks_are_refused_or_reach_the_agent() {
        let page = Page::open();
        let role = json!({ "ssoSession": "acme", "account": "111122223333", "role": "Admin" });
        let asked = json!([
            { "kind": "request", "request": { "role": role, "duration": 900, "region": null, "reason": "why" } },
            { "kind": "signIn", "target": { "kind": "typed", "startUrl": "https://a", "region": "b" }, "keep": true },
            { "kind": "renew", "session": "abcdefgh" },
            { "kind": "configure", "settings": daypass_domain::settings::Settings::default() },
        ]);
        let asked = asked.as_array().unwrap().clone();
        let mutants = (0..asked.len()).prop_flat_map(move |i| of_json(&asked[i]));
        check(250, mutants, |bytes| {
            // What is no JSON at all doesn't come this far.
            let Ok(intent) = serde_json::from_slice::<Value>(&bytes) else { return Ok(()) };
            let refused = page.call("ask", json!({ "intent": intent })).unwrap_err();
            prop_assert!(refused["code"] == "malformed" || refused["code"] == "agentSilent", "{}", refused);
            Ok(())
        });
    }

    #[test]
    fn without_an_agent_the_page_is_told() {
        let page = Page::open();
        let refused = page.call("ask", json!({ "intent": {"kind": "endAll"} })).unwrap_err();
        assert_eq!(refused["code"], "agentSilent");
        assert_eq!(page.call("catalog", json!({})).unwrap_err()["code"], "agentSilent");
    }

    #[test]
    fn there_are_no_other_commands() {
        let page = Page::open();
        for command in
            ["reveal", "open", "plugin:event|listen", "plugin:window|close", "plugin:shell|execute", ""]
        {
            assert!(page.call(command, json!({})).is_err(), "{command}");
        }
    }

    #[test]
    fn only_the_windows_there_are_may_call_them() {
        let refused_of = |label| {
            let page = Page::labelled(label);
            page.call("ask", json!({ "intent": {"kind": "endAll"} })).unwrap_err()
        };
        for label in ["main", "switcher"] {
            assert_eq!(refused_of(label)["code"], "agentSilent", "{label}");
        }
        for label in ["other", "main-2", "switcher2"] {
            let refused = refused_of(label);
            assert!(
                refused.as_str().is_some_and(|words| words.contains("not allowed")),
                "{label}: {refused}"
            );
        }
    }

    #[test]
    fn no_other_page_may_call_them() {
        let page = Page::open();
        for url in ["https://example.com", "http://127.0.0.1:1420", "file:///etc/passwd", "data:text/html,"] {
            let refused = page.call_from(url, "ask", json!({ "intent": {"kind": "endAll"} })).unwrap_err();
            assert!(refused.as_str().is_some_and(|words| words.contains("not allowed")), "{url}: {refused}");
        }
    }
}
