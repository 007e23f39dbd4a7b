//! What a chained session carries by itself: the reason as a session tag, the person as source identity.

use crate::{
    chain::{Hop, Labels, Tag, is_tag_character},
    limit::near,
    request::{Chain, Options},
};

/// The session tag that says what a session is for.
const REASON: &str = "Reason";

impl Options {
    /// `labels`, and what they do not say themselves: why, where the last role on the way is known to take tags,
    /// and who, where every role is known to take a source identity.
    #[must_use]
    pub fn labelled(&self, path: &[Hop], reason: Option<&str>, mut labels: Labels) -> Labels {
        let known: Vec<_> = path.iter().map(|hop| self.chains.iter().find(|c| c.role == hop.role)).collect();
        let is_told = labels.tags.iter().any(|tag| tag.key.as_str().eq_ignore_ascii_case(REASON));
        let takes_tags = known.last().is_some_and(|last| last.is_some_and(|chain| chain.takes_tags));
        if takes_tags && !is_told {
            labels.tags.extend(reason.and_then(tag));
        }
        let takes = |chain: &Option<&Chain>| chain.is_some_and(|c| c.takes_source_identity);
        if !path.is_empty() && known.iter().all(takes) {
            labels.source_identity = labels.source_identity.or_else(|| self.person.clone());
        }
        labels
    }
}

/// A reason as a tag: without what tags cannot hold.
fn tag(reason: &str) -> Option<Tag> {
    let value = near(reason, 256, ' ', is_tag_character);
    let tag = Tag { key: REASON.parse().ok()?, value: value.parse().ok()?, transitive: false };
    (!value.is_empty()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Known;

    fn hop(name: &str) -> Hop {
        Hop { role: format!("arn:aws:iam::111122223333:role/{name}").parse().unwrap(), external_id: None }
    }

    fn options() -> Options {
        let chain = |name: &str, takes_tags, takes_source_identity| Chain {
            name: name.to_owned(),
            role: hop(name).role,
            external_id: None,
            takes_tags,
            takes_source_identity,
            source: Known::Settings,
        };
        Options {
            chains: vec![chain("All", true, true), chain("Tags", true, false), chain("None", false, false)],
            presets: vec![],
            organisation_presets: vec![],
            longest: None,
            reason_required: false,
            person: Some("dana".parse().unwrap()),
            last: None,
        }
    }

    #[test]
    fn reason_and_person_travel_where_the_way_takes_them() {
        let told = |way: &[&str]| {
            let path: Vec<_> = way.iter().map(|name| hop(name)).collect();
            let labels = options().labelled(&path, Some("INC-42 <why>"), Labels::default());
            let tags: Vec<_> = labels.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
            (tags, labels.source_identity.map(String::from))
        };
        let reason = vec![("Reason".parse().unwrap(), "INC-42  why".parse().unwrap())];
        assert_eq!(told(&["All"]), (reason.clone(), Some("dana".to_owned())));
        assert_eq!(told(&["All", "Tags"]), (reason, None), "who it is has to be taken by every role");
        assert_eq!(told(&["All", "None"]), (vec![], None));
        assert_eq!(told(&["Unknown"]), (vec![], None));
        assert_eq!(told(&[]), (vec![], None));
    }

    #[test]
    fn what_the_person_says_stands() {
        let own = Tag { key: "reason".parse().unwrap(), value: "own".parse().unwrap(), transitive: true };
        let labels =
            Labels { tags: vec![own], source_identity: Some("ops".parse().unwrap()), ..Labels::default() };
        assert_eq!(options().labelled(&[hop("All")], Some("INC-42"), labels.clone()), labels);
        let none = options().labelled(&[hop("All")], Some(" ? "), Labels::default());
        assert_eq!(none.tags, [], "nothing is left of it");
    }
}
