//! Where secrets rest between uses. The one lock in the product is the map in here.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::held::{Gone, Held};

/// Things kept under keys: lent while they are there, zeroed when they are taken out.
///
/// A borrower keeps its `Arc` only for the length of one use; what is wiped is gone with the last of them.
pub struct Vault<K, T> {
    slots: Mutex<Slots<K, T>>,
}

struct Slots<K, T> {
    here: HashMap<K, Arc<T>>,
    gone: Gone,
}

impl<K, T> Default for Vault<K, T> {
    fn default() -> Self {
        Self { slots: Mutex::new(Slots { here: HashMap::new(), gone: Gone::default() }) }
    }
}

impl<K: Eq + Hash + Clone, T: Held> Vault<K, T> {
    /// Keeps `thing` under `key`; what was there before is dropped, and so zeroed.
    pub fn put(&self, key: K, thing: T) {
        let mut slots = self.lock();
        let before = slots.here.insert(key, Arc::new(thing));
        drop(slots.note(before));
    }

    #[must_use]
    pub fn lend(&self, key: &K) -> Option<Arc<T>> {
        self.lock().here.get(key).cloned()
    }

    /// Takes the thing under `key` out; dropping it zeroes it.
    pub fn take(&self, key: &K) -> Option<Arc<T>> {
        let mut slots = self.lock();
        let taken = slots.here.remove(key);
        slots.note(taken)
    }

    /// Takes the thing under `key` out if it still is `held`.
    pub fn take_if(&self, key: &K, held: &Arc<T>) -> bool {
        let mut slots = self.lock();
        let is_same = slots.here.get(key).is_some_and(|now| Arc::ptr_eq(now, held));
        let taken = if is_same { slots.here.remove(key) } else { None };
        slots.note(taken).is_some()
    }

    /// Puts `thing` in the place of `held`, if that is still there; else `thing` is dropped, and so zeroed.
    pub fn replace_if(&self, key: &K, held: &Arc<T>, thing: T) -> Option<Arc<T>> {
        let mut slots = self.lock();
        let slot = slots.here.get_mut(key).filter(|now| Arc::ptr_eq(now, held))?;
        let new = Arc::new(thing);
        let before = std::mem::replace(slot, Arc::clone(&new));
        drop(slots.note(Some(before)));
        Some(new)
    }

    /// Drops what `keep` does not want.
    pub fn retain(&self, keep: impl Fn(&K) -> bool) {
        let Slots { here, gone } = &mut *self.lock();
        for (_, thing) in here.extract_if(|key, _| !keep(key)) {
            gone.note(&*thing);
        }
    }

    /// Drops everything.
    pub fn clear(&self) {
        self.retain(|_| false);
    }

    /// The key of a thing that `is_wanted`; every thing is asked, so that the time tells nothing.
    #[must_use]
    pub fn find(&self, is_wanted: impl Fn(&T) -> bool) -> Option<K> {
        self.lock()
            .here
            .iter()
            .fold(None, |found, (key, thing)| if is_wanted(thing) { Some(key.clone()) } else { found })
    }

    /// Everything in here now. To be let go of soon.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<T>> {
        self.lock().here.values().cloned().collect()
    }

    /// What is remembered of what has gone.
    pub fn gone<U>(&self, lend: impl FnOnce(&Gone) -> U) -> U {
        lend(&self.lock().gone)
    }

    fn lock(&self) -> MutexGuard<'_, Slots<K, T>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T: Held> Slots<K, T> {
    /// Remembers what goes.
    fn note(&mut self, going: Option<Arc<T>>) -> Option<Arc<T>> {
        if let Some(thing) = &going {
            self.gone.note(&**thing);
        }
        going
    }
}
