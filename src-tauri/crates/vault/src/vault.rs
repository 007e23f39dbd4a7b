//! Where secrets rest between uses. The one lock in the product is the map in here.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Things kept under keys: lent while they are there, zeroed when they are taken out.
///
/// A borrower keeps its `Arc` only for the length of one use; what is wiped is gone with the last of them.
pub struct Vault<K, T> {
    slots: Mutex<HashMap<K, Arc<T>>>,
}

impl<K, T> Default for Vault<K, T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone, T> Vault<K, T> {
    /// Keeps `thing` under `key`; what was there before is dropped, and so zeroed.
    pub fn put(&self, key: K, thing: T) {
        let before = self.lock().insert(key, Arc::new(thing));
        drop(before);
    }

    #[must_use]
    pub fn lend(&self, key: &K) -> Option<Arc<T>> {
        self.lock().get(key).cloned()
    }

    /// Takes the thing under `key` out; dropping it zeroes it.
    pub fn take(&self, key: &K) -> Option<Arc<T>> {
        self.lock().remove(key)
    }

    /// Takes the thing under `key` out if it still is `held`.
    pub fn take_if(&self, key: &K, held: &Arc<T>) -> bool {
        let mut slots = self.lock();
        let is_same = slots.get(key).is_some_and(|now| Arc::ptr_eq(now, held));
        let taken = if is_same { slots.remove(key) } else { None };
        drop(slots);
        taken.is_some()
    }

    /// Puts `thing` in the place of `held`, if that is still there; else `thing` is dropped, and so zeroed.
    pub fn replace_if(&self, key: &K, held: &Arc<T>, thing: T) -> Option<Arc<T>> {
        let mut slots = self.lock();
        let slot = slots.get_mut(key).filter(|now| Arc::ptr_eq(now, held))?;
        *slot = Arc::new(thing);
        Some(Arc::clone(slot))
    }

    /// Drops what `keep` does not want.
    pub fn retain(&self, keep: impl Fn(&K) -> bool) {
        self.lock().retain(|key, _| keep(key));
    }

    /// Drops everything.
    pub fn clear(&self) {
        let all = std::mem::take(&mut *self.lock());
        drop(all);
    }

    /// The key of a thing that `is_wanted`; every thing is asked, so that the time tells nothing.
    #[must_use]
    pub fn find(&self, is_wanted: impl Fn(&T) -> bool) -> Option<K> {
        self.lock()
            .iter()
            .fold(None, |found, (key, thing)| if is_wanted(thing) { Some(key.clone()) } else { found })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<T>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
