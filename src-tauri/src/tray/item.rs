//! The item in the panel: icon, tooltip, clicks, and the menu as `com.canonical.dbusmenu` has it.

use ksni::{
    MenuItem, ToolTip,
    menu::{StandardItem, SubMenu},
};
use tokio::sync::mpsc;

use daypass_domain::view::View;

use super::{
    drawing,
    icon::{self, Icon},
    menu::{Action, Does, Item, Menu},
};

/// What panels draw icons at: theirs fits one of them, or is made from the next larger one.
const SIZES: [u16; 5] = [16, 22, 24, 32, 48];

/// What the person did.
#[expect(clippy::large_enum_variant, reason = "a menu has few of them")]
pub(super) enum Click {
    Icon,
    Act(Action),
}

/// A click, and the panel's activation token for it: on Wayland no window of ours takes the focus without one.
pub(super) type Clicked = (Click, Option<String>);

pub(super) struct TrayItem {
    clicks: mpsc::UnboundedSender<Clicked>,
    menu: Menu,
    /// Something unseen at the menu's end: see [`TrayItem::show`].
    is_padded: bool,
    icon: Icon,
    pictures: Vec<ksni::Icon>,
    words: Vec<String>,
}

impl TrayItem {
    pub(super) fn new(clicks: mpsc::UnboundedSender<Clicked>, view: Option<&View>) -> Self {
        let icon = Icon::of(view);
        let (menu, words, pictures) = (Menu::of(view), icon::words(view), pictures(icon));
        Self { clicks, menu, is_padded: false, icon, pictures, words }
    }

    /// Takes on what there is to show as of the view's `now`.
    pub(super) fn show(&mut self, view: Option<&View>) {
        let menu = Menu::of(view);
        // ksni numbers items by their place and rebuilds the menu when a number of items has changed. A click
        // that is on its way must not reach what has come to stand in the same place, the End of another
        // lease say: whenever the menu is built otherwise, the number changes.
        if !menu.is_built_like(&self.menu) {
            self.is_padded = lines(&menu) == lines(&self.menu) + usize::from(self.is_padded);
        }
        self.menu = menu;
        self.words = icon::words(view);
        let icon = Icon::of(view);
        if icon != self.icon {
            (self.icon, self.pictures) = (icon, pictures(icon));
        }
    }

    fn click(&self, click: Click) {
        // Nobody listens once the tray is being taken down.
        self.clicks.send((click, ksni::current_xdg_activation_token())).ok();
    }
}

impl ksni::Tray for TrayItem {
    fn id(&self) -> String {
        "daypass".to_owned()
    }

    fn title(&self) -> String {
        "Daypass".to_owned()
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        self.pictures.clone()
    }

    fn tool_tip(&self) -> ToolTip {
        // Hosts read markup in it.
        let words = self.words.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        ToolTip { title: "Daypass".to_owned(), description: words, ..ToolTip::default() }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.click(Click::Icon);
    }

    fn secondary_activate(&mut self, _x: i32, _y: i32) {
        self.click(Click::Act(Action::FindRole));
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let mut lines = Vec::new();
        for group in &self.menu.groups {
            if !lines.is_empty() {
                lines.push(MenuItem::Separator);
            }
            lines.extend(group.iter().map(line));
        }
        if self.is_padded {
            lines.push(StandardItem { visible: false, ..StandardItem::default() }.into());
        }
        lines
    }
}

fn line(item: &Item) -> MenuItem<TrayItem> {
    // An underscore would make the letter after it an access key.
    let label = item.label.replace('_', "__");
    let icon_data = item.mark.map(drawing::mark).unwrap_or_default();
    match &item.does {
        Does::Open(items) => {
            let submenu = items.iter().map(line).collect();
            SubMenu { label, icon_data, submenu, ..SubMenu::default() }.into()
        }
        Does::Nothing => StandardItem { label, icon_data, enabled: false, ..StandardItem::default() }.into(),
        Does::Act(action) => {
            let action = action.clone();
            let activate = Box::new(move |tray: &mut TrayItem| tray.click(Click::Act(action.clone())));
            StandardItem { label, icon_data, activate, ..StandardItem::default() }.into()
        }
    }
}

/// How many lines the menu has, those that part groups included.
fn lines(menu: &Menu) -> usize {
    menu.groups.iter().map(|group| group.len() + 1).sum::<usize>().saturating_sub(1)
}

fn pictures(icon: Icon) -> Vec<ksni::Icon> {
    let picture = |size| {
        let mut data = drawing::icon(icon, size).rgba;
        // Opacity comes first here.
        data.chunks_exact_mut(4).for_each(|pixel| pixel.rotate_right(1));
        ksni::Icon { width: size.into(), height: size.into(), data }
    };
    SIZES.into_iter().map(picture).collect()
}

#[cfg(test)]
mod tests {
    use ksni::Tray;

    use super::*;
    use crate::tray::scene::{lease, view};

    fn item(view: &View) -> TrayItem {
        TrayItem::new(mpsc::unbounded_channel().0, Some(view))
    }

    #[test]
    fn an_underscore_is_no_access_key_and_a_name_is_no_markup() {
        let mut view = view();
        let mut session = lease("aaaaaaaa", 3600);
        session.account_name = "a_b <i>&".to_owned();
        view.sessions = vec![session];
        let item = item(&view);
        let labels = item.menu().into_iter().filter_map(|line| match line {
            MenuItem::SubMenu(menu) => Some(menu.label),
            _ => None,
        });
        assert_eq!(labels.collect::<Vec<_>>(), ["Billing · a__b <i>& · 1 h"]);
        assert_eq!(item.tool_tip().description, "Billing · a_b &lt;i&gt;&amp;, 1 h left");
    }

    #[test]
    fn a_menu_built_otherwise_has_another_number_of_lines_and_else_the_same() {
        let mut view = view();
        view.sessions = vec![lease("aaaaaaaa", 3600)];
        let mut item = item(&view);
        let mut before = item.menu().len();
        for (id, seconds, is_rebuilt) in [
            ("aaaaaaaa", 1800, false),
            ("bbbbbbbb", 1800, true),
            ("bbbbbbbb", 60, false),
            ("cccccccc", 60, true),
            ("aaaaaaaa", 60, true),
        ] {
            view.sessions = vec![lease(id, seconds)];
            item.show(Some(&view));
            assert_eq!(item.menu().len() != before, is_rebuilt, "{id} with {seconds} s");
            before = item.menu().len();
        }
    }
}
