//! LCP and CCP: packets, commands and time in each state of RFC 1661 section 4.2.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::{Reaction, Table};
use crate::automaton::State;
use crate::ccp::MicrosoftCompression;
use crate::negotiate::{Config, ControlProtocol, Event, Negotiation};
use crate::{Code, Packet, RawOption, ccp, lcp};

/// A protocol: how it begins, options that are acknowledged, nak'ed and rejected, an option of its own request with
/// another value, and how an option is printed.
struct Bench<P: ControlProtocol> {
    make: fn() -> P,
    good: &'static [u8],
    nak: &'static [u8],
    reject: &'static [u8],
    other: &'static [u8],
    show: fn(RawOption<'_>) -> String,
}

struct Driven<P: ControlProtocol> {
    machine: Negotiation<P>,
    now: Duration,
    /// The last Configure-Request.
    request: Vec<u8>,
}

impl<P: ControlProtocol> Driven<P> {
    fn packet(&mut self, code: Code, identifier: u8, data: &[u8]) -> Reaction {
        match self.machine.handle_packet(self.now, &Packet { code, identifier, data, padding: &[] }) {
            Ok(()) => Reaction::new(),
            Err(refused) => Reaction::from([format!("refuses: {refused}")]),
        }
    }

    fn answer(&mut self, code: Code, data: Option<&[u8]>) -> Reaction {
        let request = self.request.clone();
        let request = Packet::decode(&request).unwrap();
        self.packet(code, request.identifier, data.unwrap_or(request.data))
    }

    fn send(&mut self, show: fn(RawOption<'_>) -> String) -> Reaction {
        let mut buf = [0; 600];
        let mut lines = Reaction::new();
        while let Some(bytes) = self.machine.poll_transmit(self.now, &mut buf).unwrap() {
            let packet = Packet::decode(bytes).unwrap();
            if packet.code == Code::CONFIGURE_REQUEST {
                self.request = bytes.to_vec();
            }
            let mut line = format!("sends {} id {}", packet.code, packet.identifier);
            if packet.code.has_options() {
                packet.options().for_each(|option| line += &format!(", {}", show(option.unwrap())));
            } else if !packet.data.is_empty() {
                line += &format!(", {}", hex::encode(packet.data));
            }
            lines.push(line);
        }
        lines
    }

    fn react(&mut self, before: State, show: fn(RawOption<'_>) -> String) -> Reaction {
        let mut lines = self.send(show);
        while let Some(event) = self.machine.poll_event() {
            lines.push(match event {
                Event::Finished(reason) => format!("reports Finished: {reason:?}"),
                other => format!("reports {other:?}"),
            });
        }
        if self.machine.state() != before {
            lines.push(format!("becomes {}", self.machine.state()));
        }
        match self.machine.poll_timeout() {
            Some(at) if at > self.now => lines.push(format!("waits for {:?}", at.saturating_sub(self.now))),
            _ => {}
        }
        lines
    }
}

/// An act on a machine.
type Act<P> = fn(&Bench<P>, &mut Driven<P>) -> Reaction;

impl<P: ControlProtocol> Bench<P> {
    fn reach(&self, state: State) -> Driven<P> {
        let config = Config::default().with_max_configure(3).with_max_terminate(2);
        let machine = Negotiation::new((self.make)(), &config);
        let mut driven = Driven { machine, now: Duration::ZERO, request: Vec::from([1, 0x70, 0, 4]) };
        let now = driven.now;
        if !matches!(state, State::Initial | State::Closed) {
            driven.machine.open(now);
        }
        if !matches!(state, State::Initial | State::Starting) {
            driven.machine.up(now);
        }
        driven.send(self.show);
        let is_open = matches!(state, State::Opened | State::Stopping);
        if is_open || state == State::AckSent {
            driven.packet(Code::CONFIGURE_REQUEST, 0x80, self.good);
        }
        if is_open || state == State::AckReceived {
            driven.answer(Code::CONFIGURE_ACK, None);
        }
        match state {
            State::Stopped => drop(driven.packet(Code::CODE_REJECT, 0x81, &[1, 1, 0, 4])),
            State::Closing => driven.machine.close(now),
            State::Stopping => drop(driven.packet(Code::TERMINATE_REQUEST, 0x81, b"")),
            _ => {}
        }
        driven.react(state, self.show);
        assert_eq!(driven.machine.state(), state);
        driven
    }

    const MESSAGES: [(&str, Act<P>); 23] = [
        ("Up", |_, driven| command(driven, Negotiation::up)),
        ("Down", |_, driven| command(driven, Negotiation::down)),
        ("Open", |_, driven| command(driven, Negotiation::open)),
        ("Close", |_, driven| command(driven, Negotiation::close)),
        ("time", |_, driven| time(driven, 1)),
        ("time until the last try is over", |_, driven| time(driven, 9)),
        ("Configure-Request", |bench, driven| driven.packet(Code::CONFIGURE_REQUEST, 0x90, bench.good)),
        ("the same Configure-Request twice", |bench, driven| {
            driven.packet(Code::CONFIGURE_REQUEST, 0x90, bench.good);
            driven.send(bench.show);
            driven.packet(Code::CONFIGURE_REQUEST, 0x90, bench.good)
        }),
        ("Configure-Request, another value wanted", |bench, driven| {
            driven.packet(Code::CONFIGURE_REQUEST, 0x91, bench.nak)
        }),
        ("Configure-Request, unknown option", |bench, driven| {
            driven.packet(Code::CONFIGURE_REQUEST, 0x92, bench.reject)
        }),
        ("Configure-Request, option of a wrong length", |_, driven| {
            driven.packet(Code::CONFIGURE_REQUEST, 0x93, &[1, 9, 1])
        }),
        ("Configure-Ack", |_, driven| driven.answer(Code::CONFIGURE_ACK, None)),
        ("Configure-Ack, other options", |bench, driven| driven.answer(Code::CONFIGURE_ACK, Some(bench.other))),
        ("Configure-Ack, other identifier", |_, driven| {
            let data = driven.request.clone();
            driven.packet(Code::CONFIGURE_ACK, 0x6f, &data[4..])
        }),
        ("Configure-Nak", |bench, driven| driven.answer(Code::CONFIGURE_NAK, Some(bench.other))),
        ("Configure-Reject", |_, driven| driven.answer(Code::CONFIGURE_REJECT, None)),
        ("Terminate-Request", |_, driven| driven.packet(Code::TERMINATE_REQUEST, 0x94, b"bye")),
        ("Terminate-Ack", |_, driven| driven.packet(Code::TERMINATE_ACK, 0x95, b"")),
        ("Code-Reject of Configure-Request", |_, driven| driven.packet(Code::CODE_REJECT, 0x96, &[1, 1, 0, 4])),
        ("Code-Reject of code 14", |_, driven| driven.packet(Code::CODE_REJECT, 0x97, &[14, 1, 0, 4])),
        ("empty Code-Reject", |_, driven| driven.packet(Code::CODE_REJECT, 0x98, &[])),
        ("Protocol-Reject of this protocol", |_, driven| command(driven, Negotiation::reject_protocol)),
        ("unknown code", |_, driven| driven.packet(Code(0x63), 0x99, b"?")),
    ];

    fn table(&self, name: &str) -> Table {
        let mut table = Table::default();
        for state in State::ALL {
            let mut rows = Vec::new();
            for (message, act) in Self::MESSAGES {
                let mut driven = self.reach(state);
                let mut reaction = act(self, &mut driven);
                reaction.extend(driven.react(state, self.show));
                rows.push((message.to_string(), reaction));
            }
            table.section(&format!("{name}, {state}"), rows);
        }
        table
    }
}

fn command<P: ControlProtocol>(driven: &mut Driven<P>, act: fn(&mut Negotiation<P>, Duration)) -> Reaction {
    act(&mut driven.machine, driven.now);
    Reaction::new()
}

fn time<P: ControlProtocol>(driven: &mut Driven<P>, times: usize) -> Reaction {
    for _ in 0..times {
        if let Some(at) = driven.machine.poll_timeout() {
            driven.now = at;
            driven.machine.handle_timeout(at);
        }
    }
    Reaction::new()
}

#[test]
fn rfc1661_section_4_1_every_message_in_every_state_of_lcp() {
    let show = |raw: RawOption<'_>| match lcp::ConfigurationOption::decode(raw) {
        // Drawn, and so other ones at each beginning.
        Ok(lcp::ConfigurationOption::MagicNumber(_)) => "MagicNumber".to_string(),
        Ok(option) => option.to_string(),
        Err(_) => raw.to_string(),
    };
    let make = || lcp::Negotiator::new(&lcp::Config::default().with_mru(1400), [7; 32]);
    let (good, nak, reject) = (&[5, 6, 1, 2, 3, 4], &[1, 4, 0, 0x40], &[13, 3, 6]);
    Bench { make, good, nak, reject, other: &[1, 4, 5, 0x70], show }.table("LCP").check("lcp.txt");
}

#[test]
fn rfc1962_section_2_every_message_in_every_state_of_ccp() {
    let show = |raw: RawOption<'_>| match ccp::ConfigurationOption::decode(raw) {
        Ok(option) => option.to_string(),
        Err(_) => raw.to_string(),
    };
    let make = || {
        let mut negotiator = ccp::Negotiator::new(&ccp::Config::default());
        negotiator.set_keys(MicrosoftCompression::STRENGTHS);
        negotiator
    };
    let (good, nak, reject) = (&[18, 6, 1, 0, 0, 0x40], &[18, 6, 1, 0, 0, 0x60], &[21, 3, 0x2f]);
    Bench { make, good, nak, reject, other: &[18, 6, 1, 0, 0, 0x20], show }.table("CCP").check("ccp.txt");
}

/// A side that lets the peer begin: three cells that the RFC does not have.
#[test]
fn a_passive_opening_has_three_cells_of_its_own() {
    use crate::automaton::Event as Cause;
    let differs = State::ALL.iter().flat_map(|state| Cause::ALL.iter().map(move |event| (*state, *event)));
    let differs: Vec<_> = differs.filter(|(state, event)| state.on(*event) != state.on_passive(*event)).collect();
    let cells = [(State::Starting, Cause::Up), (State::Closed, Cause::Open), (State::Stopped, Cause::Timeout)];
    assert_eq!(differs, cells);
}
