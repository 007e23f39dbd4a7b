//! What a change of the settings changes.

use crate::{
    audit::{About, What},
    catalog::Catalog,
    chain::Known,
    event::Effect,
    failure::Code,
    ids::SsoSessionName,
    request::Answer,
    settings::{Settings, SsoPlace},
    sso::{Source, SsoSession},
    state::{Sso, State, ask::Asked},
    time::Moment,
    view::SignInStatus,
};

impl State {
    /// The person changes the settings here.
    pub(super) fn configure(&mut self, mut settings: Settings, now: Moment) -> Asked {
        settings.check()?;
        // Two windows may be open: favourites have an intent of their own.
        settings.favourites = self.settings.favourites.clone();
        for role in &mut settings.chained_roles {
            role.source = Known::Settings;
        }
        if self.moved(&settings).iter().any(|name| self.is_in_use(name)) {
            return Err(Code::SsoSessionInUse.into());
        }
        self.note(What::SettingsChanged, About::default(), now);
        let mut effects = self.apply(settings);
        effects.push(Effect::SaveSettings);
        Ok((Answer::default(), effects))
    }

    /// The person keeps a sign-in in the keyring, or no longer.
    pub(super) fn keep_signed_in(&mut self, name: &SsoSessionName, on: bool, now: Moment) -> Asked {
        if !self.sso_sessions.contains_key(name) {
            return Err(Code::UnknownSsoSession.into());
        }
        self.note_sso(What::SettingsChanged, name, now);
        let mut settings = self.settings.clone();
        settings.sso_mut(name).keep_signed_in = on;
        let mut effects = self.apply(settings);
        // Said again, it is tried again: the keyring may have been unlocked meanwhile, or AWS be back.
        let again = self.sso_sessions.get_mut(name).and_then(|sso| sso.keep_again(on));
        effects.extend(again.filter(|e| !effects.contains(e)));
        effects.push(Effect::SaveSettings);
        Ok((Answer::default(), effects))
    }

    /// The person changed the file. What cannot be changed now stays.
    pub(super) fn settings_read(&mut self, mut settings: Settings) -> Vec<Effect> {
        for name in self.moved(&settings) {
            if self.is_in_use(&name) {
                let place = self.settings.sso(&name).and_then(|s| s.place.clone());
                settings.sso_mut(&name).place = place;
            }
        }
        self.apply(settings)
    }

    /// SSO sessions that would have another place, or none.
    fn moved(&self, settings: &Settings) -> Vec<SsoSessionName> {
        let places = self.settings.sso_sessions.iter().filter_map(|s| Some((&s.name, s.place.as_ref()?)));
        places
            .filter(|(name, place)| settings.sso(name).and_then(|s| s.place.as_ref()) != Some(*place))
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn is_in_use(&self, name: &SsoSessionName) -> bool {
        let is_signed_out = |s: &Sso| s.status == SignInStatus::SignedOut || s.sso.source != Source::Typed;
        let under_way = self.sign_in.as_ref().is_some_and(|s| s.sso_session == *name);
        under_way || !self.sso_sessions.get(name).is_none_or(is_signed_out)
    }

    fn apply(&mut self, settings: Settings) -> Vec<Effect> {
        for name in self.moved(&settings) {
            if self.sso_sessions.get(&name).is_some_and(|s| s.sso.source == Source::Typed) {
                self.sso_sessions.remove(&name);
            }
        }
        for (name, place) in settings.sso_sessions.iter().filter_map(|s| Some((&s.name, s.place.clone()?))) {
            self.sso_sessions.entry(name.clone()).or_insert_with(|| {
                let sso = SsoSession::typed(name.clone(), place.start_url, place.region);
                Sso::new(sso, Catalog::default())
            });
        }
        let mut effects = Vec::new();
        for sso in self.sso_sessions.values_mut() {
            let before = self.settings.keeps_signed_in(&sso.sso.name);
            let after = settings.keeps_signed_in(&sso.sso.name);
            if before && !after {
                sso.keyring = None;
                effects.push(Effect::Forget { sso: sso.boxed() });
            } else if after && !before && sso.is_signed_in() {
                effects.push(Effect::Keep { sso: sso.boxed() });
            }
        }
        if self.settings.organisation_file != settings.organisation_file {
            effects.push(Effect::ReadOrganisation { file: settings.organisation_file.clone() });
        }
        self.settings = settings;
        self.catalog_revision += 1;
        effects
    }

    /// A typed SSO session that was signed in to is worth keeping.
    pub(super) fn note_place(&mut self, name: &SsoSessionName) -> Option<Effect> {
        let sso = &self.sso_sessions.get(name).filter(|s| s.sso.source == Source::Typed)?.sso;
        let place = Some(SsoPlace { start_url: sso.start_url.clone(), region: sso.region.clone() });
        let entry = self.settings.sso_mut(name);
        if entry.place == place {
            return None;
        }
        entry.place = place;
        Some(Effect::SaveSettings)
    }
}
