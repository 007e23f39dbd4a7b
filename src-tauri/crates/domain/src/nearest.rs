//! The allowed request nearest to one that would be refused, or that AWS may make less of than is meant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    chain::{CHAINED_LONGEST, Labels, MOST_TAGS, SHORTEST_CREDENTIALS},
    failure::Code,
    request::{LONGEST, REASON_LENGTH, SHORTEST, SessionRequest},
    scope::{
        Base, MOST_OF_A_KIND, MOST_POLICIES, Scope,
        compile::{SessionPolicy, ascii},
    },
    time::Seconds,
};

/// What the button asks for instead.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Nearest {
    /// What the button says.
    pub words: String,
    pub request: SessionRequest,
}

impl SessionRequest {
    /// What is said of it though it may be sent: AWS judges, or does otherwise than one might think. `sent` is
    /// what its scope compiles to.
    #[must_use]
    pub fn warning(&self, sent: &SessionPolicy) -> Option<Code> {
        let is_chained = !self.path.is_empty();
        match &self.scope.base {
            Base::Custom { .. } if !sent.fits() => Some(Code::PolicyLong),
            _ if self.labels.packed_percent() > 100 => Some(Code::TagsLong),
            _ if is_chained && self.duration < SHORTEST_CREDENTIALS && !self.scope.until_lease_end => {
                Some(Code::LeaseUnderCredentials)
            }
            _ if is_chained && self.duration > CHAINED_LONGEST => Some(Code::ChainTooLong),
            _ => None,
        }
    }

    /// The request nearest to this one that `code` has nothing against; `longest` is the organisation's, and
    /// `fits` says whether AWS takes so long a policy.
    #[must_use]
    pub fn nearest(
        &self,
        code: Code,
        longest: Option<Seconds>,
        fits: impl Fn(&Self) -> bool,
    ) -> Option<Nearest> {
        let mut request = self.clone();
        let SessionRequest { scope, labels, duration, .. } = &mut request;
        let words = match code {
            Code::DurationTooShort => {
                *duration = SHORTEST;
                format!("Lengthen to {SHORTEST}")
            }
            Code::DurationTooLong | Code::DurationOverOrganisation => {
                *duration = longest.unwrap_or(LONGEST).min(LONGEST);
                format!("Shorten to {duration}")
            }
            Code::ChainTooLong => {
                *duration = CHAINED_LONGEST;
                format!("Shorten to {duration}")
            }
            Code::LeaseUnderCredentials => {
                scope.until_lease_end = true;
                "Have AWS refuse them, too".to_owned()
            }
            Code::ReasonTooLong => {
                request.reason = self.reason.as_ref().map(|r| r.chars().take(REASON_LENGTH).collect());
                format!("Shorten to {REASON_LENGTH} characters")
            }
            Code::ScopeTooWide => {
                scope.regions.truncate(MOST_OF_A_KIND);
                scope.addresses.truncate(MOST_OF_A_KIND);
                if let Base::Services { services } = &mut scope.base {
                    services.truncate(MOST_OF_A_KIND);
                }
                format!("Keep the first {MOST_OF_A_KIND}")
            }
            Code::PolicyCount => {
                if let Base::Managed { policies } = &mut scope.base {
                    policies.truncate(MOST_POLICIES);
                }
                scope.policies.truncate(MOST_POLICIES.saturating_sub(scope.base.managed()));
                format!("Keep the first {}", scope.base.managed().max(scope.policies.len()))
            }
            Code::PolicyTooLong | Code::PolicyLong => {
                let (shorter, words) = self.shorter(fits)?;
                request = shorter;
                words
            }
            Code::PolicyCharacters => {
                let Base::Custom { policy } = &mut scope.base else { return None };
                *policy = ascii(policy);
                "Write them so".to_owned()
            }
            Code::TooManyTags => {
                labels.tags.truncate(MOST_TAGS);
                removed(self.labels.tags.len() - labels.tags.len(), "tag", "tags")
            }
            Code::TagTwice => {
                let mut seen = BTreeSet::new();
                labels.tags.retain(|tag| seen.insert(tag.key.as_str().to_lowercase()));
                "Keep the first of them".to_owned()
            }
            Code::TagsLong => {
                while labels.packed_percent() > 100 {
                    labels.tags.pop();
                }
                removed(self.labels.tags.len() - labels.tags.len(), "tag", "tags")
            }
            Code::LabelsNeedChain => {
                *labels = Labels::default();
                "Leave them out".to_owned()
            }
            _ => return None,
        };
        // One that is as long as before, or refused for something else, helps nobody.
        (request != *self && request.check().is_ok()).then_some(Nearest { words, request })
    }

    /// Its policy written shorter, or the last of one list left out: the session may do no more by that.
    fn shorter(&self, fits: impl Fn(&Self) -> bool) -> Option<(Self, String)> {
        let mut request = self.clone();
        if let Base::Custom { policy } = &mut request.scope.base {
            *policy = without_spaces(policy);
            if fits(&request) {
                return Some((request, "Take out its spaces".to_owned()));
            }
        }
        CUTS.iter().find_map(|(cut, one, several)| {
            let (mut request, mut count) = (self.clone(), 0);
            while !fits(&request) {
                cut(&mut request.scope)?;
                count += 1;
            }
            Some((request, removed(count, one, several)))
        })
    }
}

/// Takes the last of a list, where there is something to take.
type Cut = fn(&mut Scope) -> Option<()>;

/// No list of Regions or addresses is no condition: one of them stays.
const CUTS: [(Cut, &str, &str); 5] = [
    (|scope| pop(&mut scope.addresses, 1), "address", "addresses"),
    (|scope| pop(&mut scope.regions, 1), "Region", "Regions"),
    (|scope| pop(&mut scope.policies, 0), "managed policy", "managed policies"),
    (
        |scope| if let Base::Managed { policies } = &mut scope.base { pop(policies, 1) } else { None },
        "managed policy",
        "managed policies",
    ),
    (
        |scope| if let Base::Services { services } = &mut scope.base { pop(services, 1) } else { None },
        "service",
        "services",
    ),
];

fn pop<T>(list: &mut Vec<T>, least: usize) -> Option<()> {
    (list.len() > least).then(|| list.truncate(list.len() - 1))
}

/// JSON without what stands between its parts: the same to AWS, which counts it.
fn without_spaces(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let mut kept = json.to_owned();
    kept.retain(|c| {
        is_text ^= c == '"' && !is_escaped;
        is_escaped = is_text && c == '\\' && !is_escaped;
        is_text || !c.is_ascii_whitespace()
    });
    kept
}

fn removed(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("Remove the last {one}") } else { format!("Remove the last {count} {several}") }
}
