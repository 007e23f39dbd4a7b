//! Scopes and ways: what a role offers, what a request would send, and what stands against it.

use std::collections::BTreeSet;

use crate::{
    audit::{About, What},
    chain::{CHAINED_LONGEST, ChainedRole, Hop, Labels, SHORTEST_CREDENTIALS, SessionName, Tag},
    event::{Assume, Effect},
    failure::{Code, Failure},
    ids::{AccountId, Region, RoleRef},
    organisation::{Brought, Organisation},
    request::{Answer, Chain, Options, Pass, Preview, SessionRequest},
    scope::{
        compile::{Place, SessionPolicy},
        preset::{OURS, Preset},
        probe::Probe,
    },
    session::Session,
    sso::Source,
    state::{
        Lasts, State,
        ask::{Asked, done},
    },
    time::{Moment, Seconds, Timestamp},
};

/// The longest name of a pass, in characters.
const PASS_NAME: usize = 80;
/// The most passes.
const MOST_PASSES: usize = 100;

impl State {
    /// What the form offers for a role.
    pub(super) fn options(&self, role: &RoleRef) -> Asked {
        let account_name = self.account_name(role);
        let partition = self.region_of(role, None)?.partition();
        let sso = self.sso_sessions.get(&role.sso_session);
        let practice = sso.filter(|s| s.sso.source == Source::Practice).map(|_| ChainedRole::of_practice());
        // Known twice, it is as the first says: the person, then the organisation, then the AWS config file.
        let mut seen = BTreeSet::new();
        let chains = self.chained_roles().chain(&practice).filter_map(|known| {
            Some(Chain {
                name: known.name.clone(),
                role: known.for_role(role, &account_name, partition)?,
                external_id: known.external_id.clone(),
                takes_tags: known.takes_tags,
                takes_source_identity: known.takes_source_identity,
                source: known.source,
            })
        });
        let chains = chains.filter(|chain| seen.insert(chain.role.to_string()));
        let ruled = self.organisation.ruled(role, &account_name);
        let options = Options {
            chains: chains.collect(),
            presets: OURS.clone(),
            organisation_presets: self.organisation.presets.clone(),
            longest: ruled.longest,
            reason_required: ruled.reason_required,
            person: self.person(role),
            last: self.habits.get(role).and_then(|h| h.last_request.clone()),
        };
        Ok((Answer { options: Some(Box::new(options)), ..Answer::default() }, vec![]))
    }

    /// What is known besides the settings, for those who look at them.
    pub(super) fn brought(&self) -> (Answer, Vec<Effect>) {
        let Organisation { chained_roles, presets, rules, accounts } = self.organisation.clone();
        let practice = self.sso_sessions.values().any(|s| s.sso.source == Source::Practice);
        let practice = practice.then(ChainedRole::of_practice);
        let chained_roles =
            chained_roles.into_iter().chain(self.config_chains.clone()).chain(practice).collect();
        let brought = Brought { chained_roles, presets, rules, accounts };
        (Answer { brought: Some(Box::new(brought)), ..Answer::default() }, vec![])
    }

    /// What would be sent, and what stands against it.
    pub(super) fn preview(&self, request: &SessionRequest, probe: Option<&Probe>, now: Moment) -> Asked {
        let region = self.region_of(&request.role, request.region.as_ref())?;
        let lease_end = now.wall + request.duration;
        let account = account_of(request);
        let place = Place { account: &account, region: &region, lease_end: self.at_aws(lease_end) };
        let presets = self.presets();
        let compiled = request.scope.compile_whatever_its_length(&place, &presets);
        let fits = |other: &SessionRequest| {
            other.scope.compile_whatever_its_length(&place, &presets).is_ok_and(|sent| sent.fits())
        };
        let refused = self.refusal(request, now);
        let longest = self.organisation.ruled(&request.role, &self.account_name(&request.role)).longest;
        let sent = compiled.clone().unwrap_or_default();
        let warned = request.warning(&sent).filter(|_| refused.is_none());
        let mistake = compiled.err().map(Into::into).or_else(|| sent.mistake());
        let preview = Preview {
            characters: u32::try_from(sent.characters()).unwrap_or(u32::MAX),
            is_long: !sent.fits(),
            packed_percent: request.labels.packed_percent(),
            verdict: probe.map(|probe| sent.verdict(&request.scope, probe, &place, self.at_aws(now.wall))),
            nearest: refused.or(warned).and_then(|code| request.nearest(code, longest, fits)),
            refused: refused.map(Failure::from),
            warned: warned.map(Failure::from),
            policy: sent.document,
            policy_arns: sent.arns,
            mistake,
        };
        Ok((Answer { preview: Some(Box::new(preview)), ..Answer::default() }, vec![]))
    }

    /// Why a request cannot be as it is; said before anything is sent.
    pub(super) fn refusal(&self, request: &SessionRequest, now: Moment) -> Option<Code> {
        if let Err(code) = request.check() {
            return Some(code);
        }
        let ruled = self.organisation.ruled(&request.role, &self.account_name(&request.role));
        if ruled.longest.is_some_and(|longest| request.duration > longest) {
            return Some(Code::DurationOverOrganisation);
        }
        if ruled.reason_required && request.reason.as_ref().is_none_or(|r| r.trim().is_empty()) {
            return Some(Code::ReasonMissing);
        }
        let region = self.region_of(&request.role, request.region.as_ref()).ok()?;
        let account = account_of(request);
        let place = Place { account: &account, region: &region, lease_end: now.wall + request.duration };
        match request.scope.compile(&place, &self.presets()) {
            Err(code) => Some(code),
            Ok(sent) => sent.mistake().map(|mistake| mistake.failure.code),
        }
    }

    /// The AssumeRoles that lead from the portal's role to the session; none where that is the session.
    pub(super) fn assumes(&self, session: &Session, lasts: Lasts, now: Moment) -> Result<Vec<Assume>, Code> {
        let request = &session.request;
        let account = account_of(request);
        let lease_end = session.lease_end(now);
        let place = Place {
            account: &account,
            region: &session.region,
            lease_end: self.at_aws(lease_end.shown(now)),
        };
        let left = Seconds(u32::try_from((lease_end.millis_left(now) + 999) / 1000).unwrap_or(u32::MAX));
        let mut scope = request.scope.clone();
        let duration = match lasts {
            Lasts::AsSet => Some(needed(left).min(self.settings.chained_credentials)),
            Lasts::AsLongAsMayBe => {
                scope.until_lease_end |= left < CHAINED_LONGEST;
                None
            }
        };
        let policy = if request.path.is_empty() {
            SessionPolicy::default()
        } else {
            scope.compile(&place, &self.presets())?
        };
        let person = self.person(&request.role);
        let last = request.path.len().saturating_sub(1);
        let assume = |(at, hop): (usize, &Hop)| {
            let Labels { session_name, tags, source_identity } = &request.labels;
            // Transitive tags and the source identity stay from the first role on; the others are the last one's.
            let carried = |tag: &&Tag| if tag.transitive { at == 0 } else { at == last };
            Assume {
                role: hop.role.clone(),
                external_id: hop.external_id.clone(),
                session_name: session_name.clone().or_else(|| person.clone()),
                tags: tags.iter().filter(carried).cloned().collect(),
                source_identity: source_identity.clone().filter(|_| at == 0),
                policy: if at == last { policy.clone() } else { SessionPolicy::default() },
                // What only leads to the next role is used once, at once.
                duration: if at == last { duration } else { Some(SHORTEST_CREDENTIALS) },
            }
        };
        Ok(request.path.iter().enumerate().map(assume).collect())
    }

    /// What AWS's clock shows at a time of ours: `aws:CurrentTime` goes by that.
    const fn at_aws(&self, ours: Timestamp) -> Timestamp {
        Timestamp::from_millis(ours.as_millis().saturating_add(self.skew_millis))
    }

    /// The Region to work in: as asked, else as set, else the SSO Region.
    pub(super) fn region_of(&self, role: &RoleRef, asked: Option<&Region>) -> Result<Region, Code> {
        let sso = self.sso_sessions.get(&role.sso_session).ok_or(Code::UnknownSsoSession)?;
        let set = self
            .settings
            .account(&self.organisation.accounts, &role.account, &self.account_name(role))
            .region;
        let set = set.or_else(|| self.settings.region.clone());
        Ok(asked.cloned().or(set).unwrap_or_else(|| sso.sso.region.clone()))
    }

    /// Who signed in, as a session name.
    fn person(&self, role: &RoleRef) -> Option<SessionName> {
        let sso = self.sso_sessions.get(&role.sso_session)?;
        SessionName::sanitised(sso.identity.as_deref()?)
    }

    /// Keeps a request under a name, in place of the one that had it.
    pub(super) fn save_pass(&mut self, pass: Pass, now: Moment) -> Asked {
        let name = pass.name.trim();
        if name.is_empty() || name.chars().count() > PASS_NAME || name.chars().any(char::is_control) {
            return Err(Code::BadPassName.into());
        }
        pass.request.check()?;
        let pass = Pass { name: name.to_owned(), ..pass };
        let (saved, about) = (What::PassSaved { name: pass.name.clone() }, self.about_request(&pass.request));
        match self.passes.iter().position(|p| p.name == pass.name) {
            Some(at) => self.passes[at] = pass,
            None if self.passes.len() >= MOST_PASSES => return Err(Code::TooManyPasses.into()),
            None => self.passes.push(pass),
        }
        self.note(saved, about, now);
        done(vec![Effect::Remember])
    }

    pub(super) fn remove_pass(&mut self, name: &str, now: Moment) -> Asked {
        let before = self.passes.len();
        self.passes.retain(|p| p.name != name);
        if self.passes.len() == before {
            return Err(Code::UnknownPass.into());
        }
        self.note(What::PassRemoved { name: name.to_owned() }, About::default(), now);
        done(vec![Effect::Remember])
    }

    /// Asks for what a pass holds, and says what to open.
    pub(super) fn take_pass(&mut self, name: &str, now: Moment) -> Asked {
        let pass = self.passes.iter().find(|p| p.name == name).cloned().ok_or(Code::UnknownPass)?;
        let (answer, effects) = self.request(pass.request, now)?;
        Ok((Answer { open: pass.open, ..answer }, effects))
    }

    fn chained_roles(&self) -> impl Iterator<Item = &ChainedRole> {
        self.settings.chained_roles.iter().chain(&self.organisation.chained_roles).chain(&self.config_chains)
    }

    fn presets(&self) -> Vec<Preset> {
        // An organisation's preset takes the place of ours.
        let own = &self.organisation.presets;
        let ours = OURS.iter().filter(|p| own.iter().all(|o| o.id != p.id));
        own.iter().chain(ours).cloned().collect()
    }
}

/// How long credentials have to live at least to last for `left`, in the steps that AWS has.
fn needed(left: Seconds) -> Seconds {
    let steps = left.0.div_ceil(SHORTEST_CREDENTIALS.0);
    Seconds(steps.saturating_mul(SHORTEST_CREDENTIALS.0)).clamp(SHORTEST_CREDENTIALS, CHAINED_LONGEST)
}

/// The account whose resources a scope names: that of the last role on the way.
fn account_of(request: &SessionRequest) -> AccountId {
    let last = request.path.last().and_then(|hop| hop.role.account().parse().ok());
    last.unwrap_or_else(|| request.role.account.clone())
}
