//! Who paints the pages: the processor itself, where there is no graphics card.

use daypass_domain::variables::OURS;

/// WebKit's own switch. Whoever has set it themselves is left alone.
const BY_PROCESSOR: &str = "WEBKIT_SKIA_ENABLE_CPU_RENDERING";

/// Has WebKit paint without OpenGL where that would only be simulated: most frames with many new rows would come late.
///
/// To be called while there is no other thread.
pub(crate) fn without_simulated_card() {
    if has_card() || std::env::var_os(BY_PROCESSOR).is_some() {
        return;
    }
    // For WebKit alone: the agent is started without what is named there, and so are terminals and browsers.
    let ours = [std::env::var(OURS).unwrap_or_default(), BY_PROCESSOR.to_owned()].join(",");
    #[expect(unsafe_code, reason = "nothing else runs yet")]
    unsafe {
        std::env::set_var(BY_PROCESSOR, "1");
        std::env::set_var(OURS, ours);
    }
}

/// Whether the kernel has a device to render with.
fn has_card() -> bool {
    let Ok(devices) = std::fs::read_dir("/dev/dri") else { return false };
    devices.flatten().any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
}
