//! How hard a [`Compressor`](crate::Compressor) tries.
//!
//! | level | search | state | bytes over the least possible | speed, times [`Fast`]'s |
//! |---|---|---|---|---|
//! | [`Fast`] | the nearest copy of three bytes, taken at once | 32 KiB | 21 % | 1 |
//! | [`Default`](struct@Default) | seven copies, and one position ahead | 80 KiB | 5 % | 0.33 |
//! | [`Max`] | up to 97 copies at every position, and the cheapest way through all of them | 80 KiB | 1 % | 0.05 |
//!
//! The figures are those of 1400-byte packets of one history; when every packet is flushed the
//! levels are within 5 % of each other.

use crate::code::Writer;
use crate::parse::{Packet, Parse, greedy, lazy, optimal};

/// [`Fast`], [`Default`](struct@Default) or [`Max`].
#[expect(private_bounds, reason = "the levels are those of this crate")]
pub trait Level: Copy + core::fmt::Debug + Parse {}

/// The nearest copy, at once.
///
/// ```
/// use mppc::{Compressor, level};
///
/// let compressor = Compressor::new(level::Fast);
/// assert!(size_of_val(&compressor) <= 33 * 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker")]
pub struct Fast;

/// The best of a few copies, unless the next position has a better one.
///
/// ```
/// use mppc::{Compressor, level};
///
/// let compressor: Compressor = Compressor::new(level::Default);
/// assert!(size_of_val(&compressor) <= 81 * 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker")]
pub struct Default;

/// The cheapest way through all copies that a deep search has found.
///
/// ```
/// use mppc::{Compressor, level};
///
/// let compressor = Compressor::new(level::Max);
/// assert!(size_of_val(&compressor) <= 81 * 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker")]
pub struct Max;

impl Level for Fast {}
impl Level for Default {}
impl Level for Max {}

impl Parse for Fast {
    type Tables = greedy::Tables;
    const EMPTY: Self::Tables = greedy::Tables::EMPTY;

    fn parse(tables: &mut Self::Tables, packet: &Packet<'_>, writer: Writer<'_>) -> Option<usize> {
        greedy::parse(tables, packet, writer)
    }
}

impl Parse for Default {
    type Tables = lazy::Tables;
    const EMPTY: Self::Tables = lazy::Tables::EMPTY;

    fn parse(tables: &mut Self::Tables, packet: &Packet<'_>, writer: Writer<'_>) -> Option<usize> {
        lazy::parse(tables, packet, writer)
    }
}

impl Parse for Max {
    type Tables = optimal::Tables;
    const EMPTY: Self::Tables = optimal::Tables::EMPTY;

    fn parse(tables: &mut Self::Tables, packet: &Packet<'_>, writer: Writer<'_>) -> Option<usize> {
        optimal::parse(tables, packet, writer)
    }
}
