//! The three commands the page may call.

use std::sync::Arc;

use daypass_domain::{
    catalog::RoleEntry,
    failure::{Code, Failure},
    request::{Answer, Intent},
    view::View,
};
use serde::Deserialize;
use tauri::{State, ipc::Channel};

use crate::{flow, link::Link};

/// Every command there is.
pub(crate) fn handler<R: tauri::Runtime>() -> impl Fn(tauri::ipc::Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![watch, ask, catalog]
}

/// The current view first, newer ones in order, null while the agent is away.
#[tauri::command]
async fn watch(link: State<'_, Arc<Link>>, channel: Channel<Option<View>>) -> Result<(), Failure> {
    let link = Arc::clone(&link);
    tauri::async_runtime::spawn(async move { link.watch(|view| channel.send(view).is_ok()).await });
    Ok(())
}

/// Does what a person asks, or says why not.
#[tauri::command]
async fn ask(link: State<'_, Arc<Link>>, intent: serde_json::Value) -> Result<Answer, Failure> {
    let intent = Intent::deserialize(intent).map_err(|_| Code::Malformed)?;
    flow::ask(&link, intent).await
}

/// Every role of every SSO session.
#[tauri::command]
async fn catalog(link: State<'_, Arc<Link>>) -> Result<Vec<RoleEntry>, Failure> {
    link.catalog().await
}

#[cfg(test)]
mod tests {
    use tauri::{
        WebviewWindowBuilder,
        ipc::{CallbackFn, InvokeBody},
        test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets},
        webview::InvokeRequest,
    };

    use super::*;

    fn call(command: &str, body: serde_json::Value) -> Result<serde_json::Value, serde_json::Value> {
        let app = mock_builder()
            .manage(Arc::new(Link::default()))
            .invoke_handler(handler::<MockRuntime>())
            .build(mock_context(noop_assets()))
            .unwrap();
        let window = WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default()).build().unwrap();
        let request = InvokeRequest {
            cmd: command.to_owned(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: "tauri://localhost".parse().unwrap(),
            body: InvokeBody::Json(body),
            headers: tauri::http::HeaderMap::default(),
            invoke_key: INVOKE_KEY.to_owned(),
        };
        get_ipc_response(&window, request).map(|answer| answer.deserialize().unwrap())
    }

    #[test]
    fn what_is_no_intent_is_refused_in_words() {
        for intent in [
            serde_json::json!(null),
            serde_json::json!([]),
            serde_json::json!({"kind": "fly"}),
            serde_json::json!({"kind": "end"}),
            serde_json::json!({"kind": "end", "session": "../../etc"}),
            serde_json::json!({"kind": "renew", "session": {"$ne": 1}}),
        ] {
            let refused = call("ask", serde_json::json!({ "intent": intent })).unwrap_err();
            assert_eq!(refused["code"], "malformed", "{intent}");
        }
    }

    #[test]
    fn without_an_agent_the_page_is_told() {
        let refused = call("ask", serde_json::json!({ "intent": {"kind": "endAll"} })).unwrap_err();
        assert_eq!(refused["code"], "agentSilent");
        assert_eq!(call("catalog", serde_json::json!({})).unwrap_err()["code"], "agentSilent");
    }

    #[test]
    fn there_are_no_other_commands() {
        for command in ["reveal", "open", "plugin:shell|execute", "plugin:fs|read_file", ""] {
            assert!(call(command, serde_json::json!({})).is_err(), "{command}");
        }
    }
}
