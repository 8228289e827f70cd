//! The inspector beside a running session: it is given the same bytes, and shows what is in them.

use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::time::Duration;

use pptp::inspect::{ControlInput, Direction, Inspector, Record, Secrets};

use super::secret::Secret;
use crate::capture::outer::Address;
use crate::capture::{Item, Place};
use crate::show::Trace;

/// Writes the lines of `vpdn-inspect`.
pub(super) struct Tracer {
    inspector: Inspector,
    trace: Trace<BufWriter<anstream::Stdout>>,
    client: SocketAddr,
    server: SocketAddr,
    number: u64,
}

impl Tracer {
    /// Begins with a new control connection between these two.
    pub(super) fn new(client: SocketAddr, server: SocketAddr, secret: &Secret) -> Self {
        let secrets = match secret {
            Secret::Password(password) => Secrets::new().with_password(None, password),
            Secret::NtHash(hash) => Secrets::new().with_nt_hash(None, *hash.as_bytes()),
        };
        let trace = Trace::new(BufWriter::new(anstream::stdout()));
        let mut tracer = Self { inspector: Inspector::new(secrets), trace, client, server, number: 0 };
        for direction in [Direction::ToServer, Direction::ToClient] {
            tracer.give(Duration::ZERO, direction, &Input::Control(ControlInput::Start));
        }
        tracer
    }

    /// Shows bytes of the control connection.
    pub(super) fn control(&mut self, now: Duration, direction: Direction, bytes: &[u8]) {
        self.give(now, direction, &Input::Control(ControlInput::Bytes(bytes)));
    }

    /// Shows a GRE packet, still encrypted.
    pub(super) fn gre(&mut self, now: Duration, direction: Direction, packet: &[u8]) {
        self.give(now, direction, &Input::Gre(packet));
    }

    /// Shows what was written so far.
    ///
    /// # Errors
    ///
    /// Nobody reads the output any more.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.trace.out.flush()
    }

    fn give(&mut self, now: Duration, direction: Direction, input: &Input<'_>) {
        self.number += 1;
        let (source, destination) = match direction {
            Direction::ToServer => (self.client, self.server),
            Direction::ToClient => (self.server, self.client),
        };
        let path = (Address::Ip(source.ip()), Address::Ip(destination.ip()));
        let time = (now.as_secs(), now.subsec_nanos());
        let place = Place { number: self.number, time, path: Some(path), carrier: None };
        let Self { inspector, trace, .. } = self;
        // Whether somebody reads it, `flush` will tell.
        let mut sink = |record: Record<'_>| drop(trace.item(&place, Item::Record(&record)));
        match *input {
            Input::Control(input) => inspector.handle_control(self.number, source, destination, input, &mut sink),
            Input::Gre(packet) => {
                inspector.handle_gre(self.number, source.ip(), destination.ip(), packet, &mut sink);
            }
        }
        drop(trace.item(&place, Item::FrameEnd));
    }
}

enum Input<'a> {
    Control(ControlInput<'a>),
    Gre(&'a [u8]),
}
