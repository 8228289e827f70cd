//! Tests over all codecs: packets of real peers, hostile packets, round trips.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

mod auth;
mod auth_afterwards;
mod auth_edges;
mod auth_peers;
mod automaton;
mod captures;
mod ccp_edges;
#[cfg(feature = "mschap")]
mod eap_types;
#[cfg(feature = "mschap")]
mod encrypted;
mod every_event;
#[cfg(feature = "mschap")]
mod golden;
mod hdlc;
mod hostile;
mod hostile_link;
#[cfg(feature = "mschap")]
mod hostile_peers;
#[cfg(feature = "mschap")]
mod hostile_proofs;
#[cfg(feature = "mschap")]
mod late_events;
#[cfg(feature = "mschap")]
mod late_questions;
mod lcp_edges;
mod link;
mod named;
mod negotiate;
mod negotiators;
mod network;
mod redaction;
mod round_trip;
#[cfg(feature = "mschap")]
mod setup;
#[cfg(feature = "mschap")]
mod trace;
mod words;

use alloc::vec;

use crate::{Code, DecodeError, OptionWriter, Packet, Protocol, RawOption, ccp, chap, eap, ipcp, ipv6cp, lcp, pap};

/// Reads a packet of any protocol, and asserts that all that was read is written back to the same bytes.
fn check(protocol: Protocol, bytes: &[u8]) -> Result<(), DecodeError> {
    let mut buf = vec![0; bytes.len()];
    let packet = Packet::decode(bytes)?;
    assert_eq!(packet.encode(&mut buf), Ok(bytes));
    let whole = bytes.len() - packet.padding.len();
    let written = match protocol {
        Protocol::CHAP => chap::Packet::decode(bytes)?.encode(&mut buf),
        Protocol::PAP => pap::Packet::decode(bytes)?.encode(&mut buf),
        Protocol::EAP => {
            let packet = eap::Packet::decode(bytes)?;
            if let eap::Message::Request(method) | eap::Message::Response(method) = packet.message {
                if let Ok(Some(value)) = method.md5_challenge() {
                    assert_eq!(value.value.len() + value.name.0.len() + 1, method.data.len());
                }
            }
            packet.encode(&mut buf)
        }
        Protocol::LCP => lcp::Packet::decode(bytes)?.encode(&mut buf),
        _ => packet.encode(&mut buf).map(|bytes| &bytes[..whole]),
    };
    assert_eq!(written, Ok(&bytes[..whole]));
    if matches!(protocol, Protocol::CHAP | Protocol::PAP | Protocol::EAP) {
        return Ok(());
    }
    if packet.code.has_options() {
        check_options(protocol, &packet);
    } else if packet.code == Code::TERMINATE_REQUEST {
        if let Some(reason) = lcp::MicrosoftTermination::decode(packet.data) {
            assert_eq!(reason.to_bytes(), packet.data);
        }
    }
    Ok(())
}

/// Reads all options up to one that is wrong, and asserts that they are written back to the same bytes.
fn check_options(protocol: Protocol, packet: &Packet<'_>) {
    let mut buf = vec![0; packet.data.len()];
    let mut writer = OptionWriter::new(&mut buf);
    let mut options = packet.options();
    let mut steps = 0;
    while let Some(option) = options.next() {
        steps += 1;
        assert!(steps <= packet.data.len().div_ceil(2));
        let Ok(raw) = option else {
            assert_eq!(options.next(), None, "nothing follows an error");
            break;
        };
        write_typed(protocol, raw, &mut writer);
        let end = options.offset() - Packet::HEADER_LEN;
        assert_eq!(writer.as_bytes(), &packet.data[..end]);
    }
}

fn write_typed(protocol: Protocol, raw: RawOption<'_>, writer: &mut OptionWriter<'_>) {
    let written = match protocol {
        Protocol::LCP => lcp::ConfigurationOption::decode(raw).map(|option| writer.push(&option)),
        Protocol::IPCP => ipcp::ConfigurationOption::decode(raw).map(|option| writer.push(&option)),
        Protocol::IPV6CP => ipv6cp::ConfigurationOption::decode(raw).map(|option| writer.push(&option)),
        Protocol::CCP => ccp::ConfigurationOption::decode(raw).map(|option| writer.push(&option)),
        _ => Ok(writer.push(&raw)),
    };
    match written {
        Ok(written) => written.unwrap(),
        Err(error) => {
            assert!(matches!(error, DecodeError::OptionLength { option_type, found, .. }
                if option_type == raw.option_type && found == raw.data.len() + 2));
            writer.push(&raw).unwrap();
        }
    }
}
