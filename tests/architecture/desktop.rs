//! The desktop's walls: what the page may load, call and reach.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::root;

fn read(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

#[test]
fn the_page_loads_its_own_files_and_nothing_else() {
    let security = read("tauri.conf.json")["app"]["security"].clone();
    let csp = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
               connect-src ipc: http://ipc.localhost";
    assert_eq!(security["csp"], csp);
    assert_eq!(security["freezePrototype"], true);
    assert_eq!(security["assetProtocol"], json!({ "enable": false }));
    assert!(security.as_object().unwrap().keys().all(|key| !key.starts_with("dangerous")));
    assert_eq!(read("tauri.conf.json")["app"]["withGlobalTauri"], false);
    assert_eq!(read("tauri.conf.json")["plugins"], Value::Null);
}

#[test]
fn each_window_may_call_exactly_the_commands_there_are() {
    let handler = fs::read_to_string(root().join("src-tauri/src/ipc.rs")).unwrap();
    let (_, rest) = handler.split_once("generate_handler![").unwrap();
    let (commands, _) = rest.split_once(']').unwrap();
    let wanted: BTreeSet<String> = commands.split(", ").map(|c| format!("allow-{c}")).collect();
    for file in fs::read_dir(root().join("src-tauri/capabilities")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let capability = read(&format!("src-tauri/capabilities/{name}"));
        let permissions = capability["permissions"].as_array().unwrap();
        let given: BTreeSet<String> = permissions.iter().map(|p| p.as_str().unwrap().to_owned()).collect();
        assert_eq!(given, wanted, "{name}");
        assert_eq!(capability["windows"].as_array().unwrap().len(), 1, "one file per window");
        assert_eq!(capability["remote"], Value::Null, "no remote content");
    }
}

#[test]
fn the_page_has_at_most_three_runtime_dependencies_and_names_no_registry() {
    assert!(read("ui/package.json")["dependencies"].as_object().unwrap().len() <= 3);
    assert!(!fs::read_to_string(root().join("ui/package-lock.json")).unwrap().contains("\"resolved\""));
}
