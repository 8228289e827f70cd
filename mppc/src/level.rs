//! How hard a [`Compressor`](crate::Compressor) tries.

use crate::parse::{self, Parse};

/// One of [`Fast`], [`Default`] and [`Max`].
#[expect(private_bounds, reason = "the levels are those of this crate")]
pub trait Level: Copy + core::fmt::Debug + Parse {}

/// The nearest copy at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker")]
pub struct Fast;

/// A shallow search, and the cheapest way through what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker")]
pub struct Default;

/// A deep search, and the cheapest way through what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker")]
pub struct Max;

impl Level for Fast {}
impl Level for Default {}
impl Level for Max {}

impl Parse for Fast {
    type Tables = parse::greedy::Tables;
    const EMPTY: Self::Tables = parse::greedy::Tables::EMPTY;

    fn parse(tables: &mut Self::Tables, packet: &parse::Packet<'_>, writer: crate::code::Writer<'_>) -> Option<usize> {
        parse::greedy::parse(tables, packet, writer)
    }
}

impl Parse for Default {
    type Tables = parse::lazy::Tables;
    const EMPTY: Self::Tables = parse::lazy::Tables::EMPTY;

    fn parse(tables: &mut Self::Tables, packet: &parse::Packet<'_>, writer: crate::code::Writer<'_>) -> Option<usize> {
        parse::lazy::parse::<32>(tables, packet, writer)
    }
}

impl Parse for Max {
    type Tables = parse::optimal::Tables;
    const EMPTY: Self::Tables = parse::optimal::Tables::EMPTY;

    fn parse(tables: &mut Self::Tables, packet: &parse::Packet<'_>, writer: crate::code::Writer<'_>) -> Option<usize> {
        parse::optimal::parse::<96, 256>(tables, packet, writer)
    }
}
