//! The window as it is released, but open to WebDriver, for `make bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    daypass_desktop::run()
}
