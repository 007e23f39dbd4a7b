//! Tells Tauri where things are; makes room for the page where it is not built yet.

use tauri_build::{AppManifest, Attributes};

const CAPABILITIES: &str = "src-tauri/capabilities/*.json";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `generate_context!` needs the folder to exist.
    std::fs::create_dir_all("ui/dist")?;
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=ui/dist");
    let commands = AppManifest::new().commands(&["watch", "ask", "catalog", "wish"]);
    tauri_build::try_build(Attributes::new().capabilities_path_pattern(CAPABILITIES).app_manifest(commands))?;
    Ok(())
}
