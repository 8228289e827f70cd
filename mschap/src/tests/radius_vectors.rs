//! Bytes of real RADIUS packets, of `radius_vectors.txt`.

use alloc::vec::Vec;

/// One record of the file: lines of a key and its value.
#[derive(Clone, Copy)]
pub(super) struct Record(&'static str);

impl Record {
    /// Returns the values of all lines with this key.
    pub(super) fn all(self, key: &'static str) -> impl Iterator<Item = &'static str> {
        self.0.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix(' '))
    }

    /// Returns the value of the first line with this key.
    pub(super) fn text(self, key: &'static str) -> &'static str {
        self.all(key).next().unwrap()
    }

    /// Returns the value in hexadecimal.
    pub(super) fn bytes(self, key: &'static str) -> Vec<u8> {
        super::bytes(self.text(key))
    }

    /// Returns the value as a number.
    pub(super) fn number(self, key: &'static str) -> u32 {
        self.text(key).parse().unwrap()
    }
}

/// Returns the values of a line that are apart by spaces.
pub(super) fn values<const N: usize>(line: &'static str) -> [&'static str; N] {
    line.split(' ').collect::<Vec<_>>().try_into().unwrap()
}

/// Returns the records that have this key.
pub(super) fn records(key: &'static str) -> impl Iterator<Item = Record> {
    let records = include_str!("radius_vectors.txt").split("\n\n").map(Record);
    records.filter(move |record| record.all(key).next().is_some())
}
