//! A table of keys that most links never need.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

use crate::algorithm::KEY_LEN;
use crate::secret::wipe;

type Keys<const N: usize> = [[u8; KEY_LEN]; N];

/// N keys, wiped when they are dropped: in place, or on the heap from the first one on.
#[cfg(not(feature = "alloc"))]
pub(crate) struct Table<const N: usize>(Keys<N>);

/// N keys, wiped when they are dropped: in place, or on the heap from the first one on.
#[cfg(feature = "alloc")]
pub(crate) struct Table<const N: usize>(Option<Box<Keys<N>>>);

#[cfg(not(feature = "alloc"))]
impl<const N: usize> Table<N> {
    pub(crate) const fn new() -> Self {
        Self([[0; KEY_LEN]; N])
    }

    /// Returns the keys, if there are any.
    fn made(&self) -> impl Iterator<Item = &Keys<N>> {
        core::iter::once(&self.0)
    }

    fn made_mut(&mut self) -> impl Iterator<Item = &mut Keys<N>> {
        core::iter::once(&mut self.0)
    }

    const fn make(&mut self) -> &mut Keys<N> {
        &mut self.0
    }
}

#[cfg(feature = "alloc")]
impl<const N: usize> Table<N> {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Returns the keys, if there are any.
    fn made(&self) -> impl Iterator<Item = &Keys<N>> {
        self.0.as_deref().into_iter()
    }

    fn made_mut(&mut self) -> impl Iterator<Item = &mut Keys<N>> {
        self.0.as_deref_mut().into_iter()
    }

    fn make(&mut self) -> &mut Keys<N> {
        self.0.get_or_insert_with(|| Box::new([[0; KEY_LEN]; N]))
    }
}

impl<const N: usize> Table<N> {
    /// Returns a key; `None` when none was put anywhere.
    pub(crate) fn get(&self, place: usize) -> Option<&[u8; KEY_LEN]> {
        self.made().next()?.get(place)
    }

    /// Puts a key. A place that there is not takes none.
    pub(crate) fn put(&mut self, place: usize, key: &[u8; KEY_LEN]) {
        if let Some(to) = self.make().get_mut(place) {
            *to = *key;
        }
    }

    /// Wipes a key.
    pub(crate) fn wipe(&mut self, place: usize) {
        if let Some(key) = self.made_mut().next().and_then(|keys| keys.get_mut(place)) {
            wipe(key);
        }
    }
}

impl<const N: usize> Drop for Table<N> {
    fn drop(&mut self) {
        self.made_mut().flatten().for_each(wipe);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_where_they_were_put_until_they_are_wiped() {
        let mut table = Table::<3>::new();
        assert_eq!(table.made().next().is_some(), cfg!(not(feature = "alloc")));
        table.wipe(1);
        assert_eq!(table.made().next().is_some(), cfg!(not(feature = "alloc")), "there was nothing to wipe");
        table.put(1, &[7; KEY_LEN]);
        table.put(3, &[9; KEY_LEN]);
        assert_eq!(
            [0, 1, 2, 3].map(|place| table.get(place)),
            [Some(&[0; KEY_LEN]), Some(&[7; KEY_LEN]), Some(&[0; KEY_LEN]), None]
        );
        table.wipe(1);
        let left = if cfg!(feature = "zeroize") { [0; KEY_LEN] } else { [7; KEY_LEN] };
        assert_eq!(table.get(1), Some(&left));
    }
}
