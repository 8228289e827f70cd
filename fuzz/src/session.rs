//! Parts shared by the targets of whole sessions: bytes of an input, configurations, IP packets.

use core::time::Duration;

use pptp::ppp::auth::{Method, Methods};
use pptp::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
use pptp::session::{Compression, Config, IpVersions};
use pptp::{client, server};
use testing::pptp::{client_config, server_config};

/// Takes bytes from the front of the input, and steps as long as there is work left for them.
///
/// An input is a few kilobytes, and a step may be a minute of simulated traffic. Without a bound, a long input is slow
/// because it is long, and hides what is slow for a fault.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    work: u32,
}

impl<'a> Input<'a> {
    /// Returns an input of which `work` steps are done, or fewer that are as much work.
    pub(crate) const fn new(bytes: &'a [u8], work: u32) -> Self {
        Self { bytes, work }
    }

    /// Returns the next step.
    pub(crate) fn step(&mut self) -> Option<u8> {
        self.work = self.work.checked_sub(1)?;
        self.byte()
    }

    /// Counts the last step as this many more.
    pub(crate) const fn spend(&mut self, work: u32) {
        self.work = self.work.saturating_sub(work);
    }

    /// Counts the last step as this many more under libFuzzer, where an input may take 10 ms with coverage and debug
    /// assertions. Tests have more time, and their seeds keep their meaning.
    pub(crate) const fn spend_under_fuzzer(&mut self, work: u32) {
        if cfg!(fuzzing) {
            self.spend(work);
        }
    }

    /// Returns how many steps are left.
    pub(crate) const fn left(&self) -> u32 {
        self.work
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// Returns the bytes that are left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = self.byte().map_or(0, usize::from).min(self.bytes.len());
        let (bytes, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        bytes
    }
}

/// The wishes that two bytes say. Both sides have the same, but that one may prefer what the other requires.
pub(crate) struct Wishes {
    pub(crate) client: client::Config,
    pub(crate) server: server::Config,
    /// Whether the client, and the server, require encryption.
    pub(crate) required: [bool; 2],
}

impl Wishes {
    pub(crate) fn new(one: u8, other: u8) -> Self {
        let methods = [Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap];
        let encryption = [Encryption::Required, Encryption::Preferred, Encryption::Refused, Encryption::Passive];
        let strengths = [MicrosoftCompression::MPPE_128, MicrosoftCompression::MPPE_40];
        let modes = [Modes::Stateless, Modes::PreferStateful];
        let pick = |bits: u8| usize::from(bits & 3);
        let base = Config::strict()
            .with_ppp(|ppp| {
                ppp.with_authentication(Methods::new(&[methods[pick(one)], Method::MsChapV2]))
                    .with_strengths(strengths[usize::from(one >> 6 & 1)])
                    .with_modes(modes[usize::from(one >> 7)])
                    .with_compression(if other & 1 == 0 { Compression::Off } else { Compression::Fast })
                    .with_ip_versions(if other & 2 == 0 { IpVersions::V4 } else { IpVersions::Both })
                    .with_authentication_retries(other >> 2 & 1)
                    .with_rechallenge_interval((other & 8 != 0).then_some(Duration::from_secs(5)))
            })
            .with_gre(|gre| gre.with_receive_window(if other & 16 == 0 { 64 } else { 2 }));
        let base = if other & 32 == 0 {
            base
        } else {
            base.with_gre(|gre| gre.with_window_policy(pptp::gre::WindowPolicy::Honour))
        };
        let wishes = [encryption[pick(one >> 2)], encryption[pick(one >> 4)]];
        Self {
            client: client_config(&base.clone().with_ppp(|ppp| ppp.with_encryption(wishes[0]))),
            server: server_config(&base.with_ppp(|ppp| ppp.with_encryption(wishes[1]))),
            required: wishes.map(|wish| wish == Encryption::Required),
        }
    }
}

/// Returns an IPv4 packet with a number in it.
pub(crate) fn ip(number: u32, length: usize) -> Vec<u8> {
    let length = length.max(24);
    let mut packet = vec![0x33; length];
    packet[..4].copy_from_slice(&[0x45, 0, (length >> 8) as u8, length as u8]);
    packet[20..24].copy_from_slice(&number.to_be_bytes());
    packet
}
