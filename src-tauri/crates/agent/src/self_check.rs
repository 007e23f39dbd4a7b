//! The memory self-check: the agent looks through its own memory for copies of what it holds and held.
//!
//! It reads itself as another process would be refused to, part by part into one locked page, which is wiped after.
//! Locked pages are where secrets belong, and are not looked through; everything else that was ever written is.

use daypass_aws::random;
use daypass_domain::{
    protection::{SecretKind, SelfCheck, SelfCheckRow},
    time::Timestamp,
};
use daypass_vault::{
    held::{Held, Kind},
    needle::{Copies, Needles, OVERLAP},
    own::{self, Mapping},
    page::{NoMemory, Pages},
    secret::Secret,
};
use zeroize::Zeroize;

use crate::secrets::Secrets;

/// How much is read at a time.
const PART: usize = 256 * 1024;

/// Whose copy it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whose {
    Held(SecretKind),
    Gone,
    /// Put there by us, to be found.
    Control,
}

/// What is looked for, and where it belongs.
pub(crate) struct Sought {
    pub(crate) needles: Needles<Whose>,
    rows: Vec<SelfCheckRow>,
    /// Pages of secrets: where the kernel refused to lock them, they are still no copies.
    own: Vec<std::ops::Range<usize>>,
    pub(crate) pages: PagesOfSecrets,
}

/// Pages of secrets, by how they are guarded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PagesOfSecrets {
    pub(crate) locked: u32,
    pub(crate) open: u32,
    pub(crate) hidden: u32,
}

impl Sought {
    /// Everything held now, and what is remembered of what has gone.
    pub(crate) fn of(secrets: &Secrets, mappings: &[Mapping]) -> Self {
        let rows =
            SecretKind::ALL.map(SelfCheckRow::held).into_iter().chain([SelfCheckRow::wiped()]).collect();
        let mut sought =
            Self { needles: Needles::default(), rows, own: Vec::new(), pages: PagesOfSecrets::default() };
        for thing in secrets.sign_ins.all() {
            sought.add(&*thing, mappings);
        }
        for thing in secrets.credentials.all() {
            sought.add(&*thing, mappings);
        }
        for thing in secrets.tickets.all() {
            sought.add(&*thing, mappings);
        }
        let mut gone = 0;
        let mut note = |all: &daypass_vault::held::Gone| {
            for hashes in all.each() {
                sought.needles.add_hashes(hashes, Whose::Gone);
                gone += 1;
            }
        };
        secrets.sign_ins.gone(&mut note);
        secrets.credentials.gone(&mut note);
        secrets.tickets.gone(&mut note);
        if let Some(row) = sought.rows.last_mut() {
            row.secrets = gone;
        }
        sought
    }

    fn add(&mut self, thing: &impl Held, mappings: &[Mapping]) {
        thing.each(&mut |kind, secret, bytes| {
            if bytes.is_empty() {
                return;
            }
            let kind = kind_of(kind);
            self.needles.add(bytes, Whose::Held(kind));
            let mapping = mappings.iter().find(|m| m.range.contains(&(bytes.as_ptr() as usize)));
            let is_guarded = mapping.is_some_and(|m| m.is_guarded);
            // What the needles can't find where it is, they would find nowhere.
            let mut is_found = false;
            self.needles.look(bytes, |_, whose| is_found |= whose == Whose::Held(kind));
            if let Some(row) = self.rows.iter_mut().find(|row| row.kind == Some(kind)) {
                row.secrets += 1;
                row.locked += u32::from(is_guarded && is_found);
            }
            let place = secret.place();
            if !self.own.contains(&place) {
                let count = u32::try_from(secret.page_count()).unwrap_or(u32::MAX);
                let pages = &mut self.pages;
                *(if is_guarded { &mut pages.locked } else { &mut pages.open }) += count;
                pages.hidden += if mapping.is_some_and(|m| m.is_hidden) { count } else { 0 };
                self.own.push(place);
            }
        });
    }
}

/// Looks through the whole of this process's memory. It takes a moment: not for a thread that others wait for.
///
/// # Errors
/// No memory, or no randomness for the control.
pub fn check(secrets: &Secrets, now: Timestamp) -> Result<SelfCheck, NoMemory> {
    let mut buffer = Pages::with_capacity(PART)?;
    let control = random::secret(256)?;
    // Before the mappings are read, so that it is in one of them.
    let mut planted = control.with(<[u8]>::to_vec);
    let mappings = own::mappings();
    let mut sought = Sought::of(secrets, &mappings);
    control.with(|bytes| sought.needles.add(bytes, Whose::Control));
    let here = buffer.bytes().as_ptr_range();
    sought.own.push(here.start as usize..here.end as usize);
    sought.own.push(control.place());
    let mut copies = Copies::default();
    let mut bytes_read = 0;
    for mapping in mappings.iter().filter(|m| m.is_data && !m.is_guarded && !m.is_hidden) {
        for part in mapping.touched() {
            let (mut at, mut kept) = (part.start, 0);
            while at < part.end {
                if let Some(own) = sought.own.iter().find(|own| own.contains(&at)) {
                    (at, kept) = (own.end, 0);
                    continue;
                }
                let next_own = sought.own.iter().map(|own| own.start).filter(|start| *start > at).min();
                let end = part.end.min(next_own.unwrap_or(usize::MAX)).min(at + PART - kept);
                let read = own::read(at, &mut buffer.bytes_mut()[kept..kept + end - at]);
                bytes_read += read;
                let filled = kept + read;
                let start = at - kept;
                sought.needles.look(&buffer.bytes()[..filled], |end, whose| copies.see(start + end, whose));
                if read == 0 {
                    // Given back since: nothing is there.
                    (at, kept) = (end, 0);
                    continue;
                }
                // The end of this part goes before the next: what lies across is not missed.
                let keeps = filled.min(OVERLAP);
                buffer.bytes_mut().copy_within(filled - keeps..filled, 0);
                (at, kept) = (at + read, keeps);
            }
        }
    }
    buffer.bytes_mut().zeroize();
    planted.zeroize();
    for row in &mut sought.rows {
        row.elsewhere = copies.of(row.kind.map_or(Whose::Gone, Whose::Held));
    }
    let kib = u32::try_from(bytes_read / 1024).unwrap_or(u32::MAX);
    Ok(SelfCheck::of(now, kib, copies.of(Whose::Control) > 0, sought.rows))
}

const fn kind_of(kind: Kind) -> SecretKind {
    match kind {
        Kind::AccessToken => SecretKind::AccessToken,
        Kind::RefreshToken => SecretKind::RefreshToken,
        Kind::ClientSecret => SecretKind::ClientSecret,
        Kind::SecretAccessKey => SecretKind::SecretAccessKey,
        Kind::SessionToken => SecretKind::SessionToken,
        Kind::TicketToken => SecretKind::TicketToken,
    }
}

impl Held for crate::secrets::SignedIn {
    fn each(&self, see: &mut dyn FnMut(Kind, &Secret, &[u8])) {
        let (access, client_secret) = (&self.token.access, &self.registration.client_secret);
        access.with(|bytes| see(Kind::AccessToken, access, bytes));
        client_secret.with(|bytes| see(Kind::ClientSecret, client_secret, bytes));
        if let Some(refresh) = self.token.refresh_token() {
            refresh.with(|bytes| see(Kind::RefreshToken, refresh, bytes));
        }
    }
}

impl Held for crate::secrets::Ticket {
    /// The path is in every request; the token is what counts.
    fn each(&self, see: &mut dyn FnMut(Kind, &Secret, &[u8])) {
        self.token.with(|bytes| see(Kind::TicketToken, &self.token, bytes));
    }
}

#[cfg(test)]
mod tests {
    use daypass_domain::ids::SessionId;
    use daypass_vault::credentials::{Credentials, Parts};

    use super::*;

    const KEY: &str = "qmzKfYpLsT0vWc8RbN3xEjHd5uGaI7oQy1wZ2t4U";
    const TOKEN: &str = "IQoJb3JpZ2luX2VjENz//////////wEaCXVzLWVhc3QtMSJHMEUCIQDkvPx7Hq2LmTbY";

    fn now() -> Timestamp {
        Timestamp::from_secs(0)
    }

    /// Neither string stands in memory as it is held: they are built, and taken apart again, letter by letter.
    fn with_credentials() -> (Secrets, SessionId) {
        let secrets = Secrets::default();
        let id: SessionId = "abcdefgh".parse().unwrap();
        let (key, token) = (turned(KEY), turned(TOKEN));
        let parts = Parts { access_key_id: "ASIA", secret_access_key: &key, session_token: &token };
        secrets.credentials.put(id.clone(), Credentials::copy_of(&parts).unwrap());
        for mut text in [key, token] {
            text.zeroize();
        }
        (secrets, id)
    }

    fn turned(text: &str) -> String {
        text.chars().rev().collect()
    }

    fn row(check: &SelfCheck, kind: Option<SecretKind>) -> (u32, u32, u32) {
        let row = check.rows.iter().find(|row| row.kind == kind).unwrap();
        (row.secrets, row.locked, row.elsewhere)
    }

    #[test]
    fn a_copy_of_a_held_secret_is_found_and_none_where_there_is_none() {
        let (secrets, _) = with_credentials();
        let clean = check(&secrets, now()).unwrap();
        assert!(clean.control_found && clean.is_clean(), "{}", clean.verdict);
        assert_eq!(row(&clean, Some(SecretKind::SecretAccessKey)), (1, 1, 0));
        let mut planted = turned(KEY);
        let mut wide: Vec<u16> = turned(TOKEN).encode_utf16().collect();
        let found = check(&secrets, now()).unwrap();
        assert!(!found.is_clean());
        assert_eq!(row(&found, Some(SecretKind::SecretAccessKey)), (1, 1, 1));
        assert!(row(&found, Some(SecretKind::SessionToken)).2 > 0);
        planted.zeroize();
        wide.zeroize();
    }

    #[tokio::test]
    async fn a_copy_of_what_has_gone_is_found_too() {
        let (secrets, id) = with_credentials();
        secrets.wipe(&id).await;
        let after = check(&secrets, now()).unwrap();
        assert_eq!(row(&after, None), (2, 0, 0));
        assert_eq!(row(&after, Some(SecretKind::SessionToken)), (0, 0, 0));
        let mut planted = turned(TOKEN);
        assert!(row(&check(&secrets, now()).unwrap(), None).2 > 0);
        planted.zeroize();
    }

    #[test]
    fn what_lies_across_two_parts_is_found_once() {
        let (secrets, _) = with_credentials();
        let mut room = vec![0_u8; 3 * PART];
        let key = turned(KEY).into_bytes();
        for place in (PART - 40..PART + 1).step_by(13) {
            room[place..place + key.len()].copy_from_slice(&key);
            let count = row(&check(&secrets, now()).unwrap(), Some(SecretKind::SecretAccessKey)).2;
            room[place..place + key.len()].zeroize();
            // Here and in `key`.
            assert_eq!(count, 2, "at {place}");
        }
    }
}
