//! What the tray's menu says and does: a view becomes a menu, whoever draws it.

mod part;

use daypass_domain::{
    catalog::Environment, desktop::What, ids::SessionId, request::Intent, settings::Colour, view::View,
};

/// The most leases in the menu; the window shows the others.
const LEASES_SHOWN: usize = 20;
/// The most passes in the menu.
const PASSES_SHOWN: usize = 12;

/// Items in groups that lines part from each other.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Menu {
    pub(super) groups: Vec<Vec<Item>>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Item {
    /// The same for as long as it is about the same thing, whatever its label says.
    pub(super) id: String,
    pub(super) label: String,
    pub(super) mark: Option<Mark>,
    pub(super) does: Does,
}

/// What an account wears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mark {
    pub(super) colour: Colour,
    /// Has a shape of its own, for those who don't tell the colours apart.
    pub(super) is_production: bool,
}

#[expect(clippy::large_enum_variant, reason = "a menu has few of them")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Does {
    /// It is there to be read.
    Nothing,
    Act(Action),
    Open(Vec<Item>),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Action {
    Ask(Intent),
    /// The person will have to look at the window for it.
    AskInWindow(Intent),
    Show(What),
    FindRole,
    /// Puts the command that sets a shell's environment on the clipboard.
    CopyEnv(SessionId),
}

impl Item {
    fn new(id: impl Into<String>, label: impl Into<String>, does: Does) -> Self {
        Self { id: id.into(), label: label.into(), mark: None, does }
    }

    fn act(id: impl Into<String>, label: impl Into<String>, action: Action) -> Self {
        Self::new(id, label, Does::Act(action))
    }

    fn wears(mut self, environment: Option<Environment>, colour: Option<Colour>) -> Self {
        let is_production = environment == Some(Environment::Production);
        let own = environment.map(|environment| match environment {
            Environment::Production => Colour::Red,
            Environment::Staging => Colour::Yellow,
            Environment::Development => Colour::Violet,
            Environment::Sandbox => Colour::Green,
            Environment::Shared => Colour::Blue,
        });
        self.mark = colour.or(own).map(|colour| Mark { colour, is_production });
        self
    }

    fn is_built_like(&self, other: &Self) -> bool {
        let items = |item: &Self| match &item.does {
            Does::Open(items) => items.clone(),
            Does::Nothing | Does::Act(_) => Vec::new(),
        };
        self.id == other.id && are_built_alike(&items(self), &items(other))
    }
}

impl Menu {
    /// The menu as of the view's `now`; without an agent there is no view.
    pub(super) fn of(view: Option<&View>) -> Self {
        let mut groups = view.map_or_else(
            || vec![vec![Item::new("agent", "Waiting for the agent…", Does::Nothing)]],
            |view| vec![part::news(view), part::leases(view)],
        );
        groups.push(view.map(part::passes).unwrap_or_default());
        groups.push(view.map(part::quick).unwrap_or_default());
        groups.push(vec![Item::act("find", "Find a role…", Action::FindRole)]);
        groups
            .extend(view.map(|view| vec![part::sso_sessions(view), part::end_all(view)]).unwrap_or_default());
        groups.push(vec![
            Item::act("open", "Open", Action::Show(What::Main)),
            Item::act("settings", "Settings", Action::Show(What::Settings)),
            Item::act("quit", "Quit", Action::Ask(Intent::Quit)),
        ]);
        groups.retain(|group| !group.is_empty());
        Self { groups }
    }

    /// Whether it differs in labels, marks and what can be chosen, and in nothing else.
    pub(super) fn is_built_like(&self, other: &Self) -> bool {
        self.groups.len() == other.groups.len()
            && self.groups.iter().zip(&other.groups).all(|(a, b)| are_built_alike(a, b))
    }
}

fn are_built_alike(a: &[Item], b: &[Item]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_built_like(b))
}

#[cfg(test)]
mod tests;
