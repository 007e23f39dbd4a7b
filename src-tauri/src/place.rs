//! Where the main window was and how large: remembered across runs, and brought back onto a screen.
//!
//! Discarded: tauri-plugin-window-state. It keeps its file among the settings, open to others, knows nothing of
//! windows that are destroyed while the program goes on, and brings commands for pages.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, LogicalPosition, Manager, Runtime, WebviewWindow, WebviewWindowBuilder};

/// A window's place, in the pixels that one thinks in; a Wayland desktop tells no position, and takes none.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Place {
    at: Option<(f64, f64)>,
    size: (f64, f64),
    maximised: bool,
}

/// One monitor's part of the desktop.
#[derive(Clone, Copy)]
struct Screen {
    at: (f64, f64),
    size: (f64, f64),
}

/// So much of the title bar has to be on a screen for a person to take hold of it.
const GRIP: (f64, f64) = (120.0, 24.0);

impl Default for Place {
    fn default() -> Self {
        Self { at: None, size: (1040.0, 680.0), maximised: false }
    }
}

impl Place {
    pub(crate) fn apply<'a, R: Runtime>(
        self,
        builder: WebviewWindowBuilder<'a, R, AppHandle<R>>,
    ) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
        let builder = builder.inner_size(self.size.0, self.size.1).maximized(self.maximised);
        match self.at {
            Some((x, y)) => builder.position(x, y),
            None => builder,
        }
    }

    /// The same on the screens there are now: no larger than one, and with a title bar that can be taken hold of.
    fn on(self, screens: &[Screen]) -> Self {
        let can_be_held = |(x, y): (f64, f64)| {
            screens.iter().any(|screen| {
                let across = (x + self.size.0).min(screen.at.0 + screen.size.0) - x.max(screen.at.0);
                let below = y >= screen.at.1 && y + GRIP.1 <= screen.at.1 + screen.size.1;
                below && across >= GRIP.0
            })
        };
        let widest = screens.iter().map(|screen| screen.size.0).fold(0.0, f64::max);
        let highest = screens.iter().map(|screen| screen.size.1).fold(0.0, f64::max);
        let size = match screens {
            [] => self.size,
            _ => (self.size.0.min(widest), self.size.1.min(highest)),
        };
        Self { at: self.at.filter(|at| can_be_held(*at)), size, ..self }
    }

    fn read(path: &Path) -> Option<Self> {
        let place: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let is_sane = |n: f64| n.is_finite() && n.abs() < 100_000.0;
        let numbers =
            [place.size.0, place.size.1].into_iter().chain(place.at.into_iter().flat_map(|(x, y)| [x, y]));
        (numbers.into_iter().all(is_sane) && place.size.0 >= 1.0 && place.size.1 >= 1.0).then_some(place)
    }

    fn write(self, path: &Path) -> Option<()> {
        let folder = path.parent()?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).ok()?;
        let new = path.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).ok()?;
        file.write_all(&serde_json::to_vec(&self).ok()?).ok()?;
        fs::rename(new, path).ok()
    }
}

/// The main window's place, as it was seen last.
pub(crate) struct Places {
    file: Option<PathBuf>,
    now: Mutex<Place>,
}

impl Places {
    /// Reads `window.json` in `$XDG_STATE_HOME/daypass`, else in `~/.local/state/daypass`.
    pub(crate) fn find() -> Self {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let state =
            absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
        Self::at(state.map(|state| state.join("daypass/window.json")))
    }

    fn at(file: Option<PathBuf>) -> Self {
        let now = file.as_deref().and_then(Place::read).unwrap_or_default();
        Self { file, now: Mutex::new(now) }
    }

    /// Where to open the window now.
    pub(crate) fn remembered<R: Runtime>(&self, app: &AppHandle<R>) -> Place {
        let monitors = app.available_monitors().unwrap_or_default();
        let screens: Vec<Screen> = monitors
            .iter()
            .map(|monitor| {
                let at = monitor.position().to_logical::<f64>(monitor.scale_factor());
                let size = monitor.size().to_logical::<f64>(monitor.scale_factor());
                Screen { at: (at.x, at.y), size: (size.width, size.height) }
            })
            .collect();
        self.now.lock().unwrap_or_else(PoisonError::into_inner).on(&screens)
    }

    /// Puts a hidden window back: an X11 window manager places what appears again as if it were new.
    pub(crate) fn restore<R: Runtime>(&self, window: &WebviewWindow<R>) {
        if !window.is_visible().unwrap_or(true)
            && let Some((x, y)) = self.remembered(window.app_handle()).at
        {
            window.set_position(LogicalPosition::new(x, y)).ok();
        }
    }

    /// Notes where the window is; not while it is minimised or hidden, as it is nowhere then.
    pub(crate) fn learn<R: Runtime>(&self, window: &WebviewWindow<R>) {
        if !window.is_visible().unwrap_or(false) || window.is_minimized().unwrap_or(true) {
            return;
        }
        let maximised = window.is_maximized().unwrap_or(false);
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.maximised = maximised;
        // What it goes back to stays what it was.
        if maximised {
            return;
        }
        let scale = window.scale_factor().unwrap_or(1.0);
        if let (Ok(at), Ok(size)) = (window.outer_position(), window.inner_size()) {
            let (at, size) = (at.to_logical::<f64>(scale), size.to_logical::<f64>(scale));
            // A Wayland desktop says so of every window.
            now.at = Some((at.x, at.y)).filter(|at| *at != (0.0, 0.0));
            now.size = (size.width, size.height);
        }
    }

    /// Writes it down. A place that is lost costs nobody anything, so nothing is said.
    pub(crate) fn save(&self) {
        let now = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file {
            now.write(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const LAPTOP: Screen = Screen { at: (0.0, 0.0), size: (1440.0, 900.0) };
    const BESIDE: Screen = Screen { at: (1440.0, 0.0), size: (2560.0, 1440.0) };

    fn at(x: f64, y: f64) -> Place {
        Place { at: Some((x, y)), ..Place::default() }
    }

    #[test]
    fn a_place_on_a_screen_stays_and_one_beside_every_screen_is_left_to_the_desktop() {
        let stays = |place: Place, screens: &[Screen]| place.on(screens).at.is_some();
        assert!(stays(at(1600.0, 100.0), &[LAPTOP, BESIDE]));
        assert!(!stays(at(1600.0, 100.0), &[LAPTOP]), "the second monitor is gone");
        assert!(!stays(at(1400.0, 100.0), &[LAPTOP]), "too little of it is left to take hold of");
        assert!(stays(at(-900.0, 100.0), &[LAPTOP]), "its right end can be taken hold of");
        assert!(!stays(at(100.0, -40.0), &[LAPTOP]) && !stays(at(100.0, 890.0), &[LAPTOP]));
    }

    #[test]
    fn a_window_is_no_larger_than_a_screen() {
        let large = Place { size: (2000.0, 1200.0), maximised: true, ..Place::default() };
        assert_eq!(large.on(&[LAPTOP]), Place { size: (1440.0, 900.0), ..large });
        assert_eq!(large.on(&[LAPTOP, BESIDE]), large);
        assert_eq!(large.on(&[]), large, "no screen is known: nothing is changed");
    }

    #[test]
    fn a_place_is_remembered_for_its_owner_alone() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("state/daypass/window.json");
        let places = Places::at(Some(file.clone()));
        *places.now.lock().unwrap() = at(12.0, 34.0);
        places.save();
        assert_eq!(*Places::at(Some(file.clone())).now.lock().unwrap(), at(12.0, 34.0));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_a_place_is_as_good_as_none() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("window.json");
        for text in [
            "",
            "{",
            "[]",
            "{\"at\":null,\"size\":[0,-5],\"maximised\":true}",
            "{\"at\":[1e300,0],\"size\":[9,9],\"maximised\":true}",
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(*Places::at(Some(file.clone())).now.lock().unwrap(), Place::default(), "{text}");
        }
        assert_eq!(*Places::at(None).now.lock().unwrap(), Place::default());
    }
}
