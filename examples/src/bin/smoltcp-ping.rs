//! A network stack at each end of a tunnel, in place of TUN devices: one pings, the other answers.
//!
//! To smoltcp a session is a `Device` of IP packets: [`Queue`]. Client and server are in one process,
//! so that the loop has no sockets; with sockets it is that of `std-client`.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::auth::Answer;
use pptp::ppp_session::Event as Ppp;
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, Received, Session};
use pptp::{client, server};
use pptp_examples::{Error, unpredictable};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::socket::icmp;
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, Icmpv4Packet, Icmpv4Repr, IpCidr};

/// IP packets from and to a tunnel.
#[derive(Default)]
struct Queue {
    received: VecDeque<Vec<u8>>,
    to_send: VecDeque<Vec<u8>>,
    mtu: usize,
}

impl Device for Queue {
    type RxToken<'a> = RxToken;
    type TxToken<'a> = TxToken<'a>;

    fn receive(&mut self, _: Instant) -> Option<(RxToken, TxToken<'_>)> {
        Some((RxToken(self.received.pop_front()?), TxToken(&mut self.to_send)))
    }

    fn transmit(&mut self, _: Instant) -> Option<TxToken<'_>> {
        Some(TxToken(&mut self.to_send))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }
}

struct RxToken(Vec<u8>);

impl phy::RxToken for RxToken {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, work: F) -> R {
        work(&self.0)
    }
}

struct TxToken<'q>(&'q mut VecDeque<Vec<u8>>);

impl phy::TxToken for TxToken<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, work: F) -> R {
        let mut packet = vec![0; length];
        let result = work(&mut packet);
        self.0.push_back(packet);
        result
    }
}

/// One end: a session, and the stack above it.
struct End<const CALLS: usize> {
    session: Session<CALLS>,
    queue: Queue,
    stack: Option<Interface>,
}

impl<const CALLS: usize> End<CALLS> {
    fn new(session: Session<CALLS>, now: Duration) -> Self {
        let mut end = Self { session, queue: Queue::default(), stack: None };
        end.session.open(now);
        end
    }

    /// Takes a GRE packet.
    fn handle_gre(&mut self, now: Duration, packet: &mut [u8]) {
        if let Ok((_, Received::Ip(ip))) = self.session.handle_gre(now, packet, &mut []) {
            self.queue.received.push_back(ip.to_vec());
        }
    }

    /// Gives GRE packets and bytes for TCP to the other end.
    fn poll(
        &mut self,
        now: Duration,
        sockets: &mut SocketSet<'_>,
        to: &mut impl FnMut(Result<&mut [u8], &[u8]>),
    ) -> Result<(), Error> {
        let mut buf = [0; MAX_RECEIVE];
        while let Some(event) = self.session.poll_event() {
            let Event::Call { call, event: CallEvent::Ppp(event) } = event else { continue };
            let Some(mut call) = self.session.call_mut(call) else { continue };
            match event {
                Ppp::Authenticate(question) => {
                    call.answer(now, question.ticket(), &Answer::Password(b"wonderland"))?;
                }
                Ppp::IpUp(agreed) => {
                    let address = agreed.own_address.ok_or("no address")?;
                    self.queue.mtu = self.session.first_call().map_or(1400, |call| usize::from(call.mtu()));
                    let mut stack = Interface::new(Config::new(HardwareAddress::Ip), &mut self.queue, at(now));
                    stack.update_ip_addrs(|addresses| {
                        let _ = addresses.push(IpCidr::new(address.into(), 24));
                    });
                    self.stack = Some(stack);
                }
                _ => {}
            }
        }
        if let Some(stack) = &mut self.stack {
            stack.poll(at(now), &mut self.queue, sockets);
        }
        while let Some(ip) = self.queue.to_send.pop_front() {
            let mut packet = [&[0; HEADROOM][..], &ip].concat();
            let mut call = self.session.first_call_mut().ok_or("no call")?;
            to(Ok(&mut call.send_ip(now, &mut packet)?.to_vec()));
        }
        while let Some(packet) = self.session.poll_tunnel(now, &mut buf)? {
            to(Ok(&mut packet.to_vec()));
        }
        while let Some(bytes) = self.session.poll_control(now, &mut buf)? {
            to(Err(bytes));
        }
        Ok(())
    }
}

fn at(now: Duration) -> Instant {
    Instant::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}

/// Sends a ping, once.
fn ping(sockets: &mut SocketSet<'_>, handle: SocketHandle, to: Ipv4Addr) -> Result<(), Error> {
    let socket = sockets.get_mut::<icmp::Socket<'_>>(handle);
    let request = Icmpv4Repr::EchoRequest { ident: 0x1723, seq_no: 1, data: b"for whom the bell tolls" };
    let payload = socket.send(request.buffer_len(), to.into()).map_err(|error| error.to_string())?;
    request.emit(&mut Icmpv4Packet::new_unchecked(payload), &ChecksumCapabilities::default());
    Ok(())
}

fn main() -> Result<(), Error> {
    let buffer = || icmp::PacketBuffer::new(vec![icmp::PacketMetadata::EMPTY; 4], vec![0; 1024]);
    let (mut sockets, mut no_sockets) = (SocketSet::new(Vec::new()), SocketSet::new(Vec::new()));
    let handle = sockets.add(icmp::Socket::new(buffer(), buffer()));
    sockets
        .get_mut::<icmp::Socket<'_>>(handle)
        .bind(icmp::Endpoint::Ident(0x1723))
        .map_err(|error| error.to_string())?;

    let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
        .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)));
    let mut now = Duration::ZERO;
    let client = client::Session::new(&client::Config::new("alice", "wonderland"), unpredictable()?);
    let mut client = End::new(client, now);
    let mut server: End<4> = End::new(Session::new(&config, unpredictable()?), now);
    let mut is_sent = false;
    for _ in 0..1000 {
        client.poll(now, &mut sockets, &mut |output| match output {
            Ok(packet) => server.handle_gre(now, packet),
            Err(bytes) => drop(server.session.handle_stream(now, bytes)),
        })?;
        server.poll(now, &mut no_sockets, &mut |output| match output {
            Ok(packet) => client.handle_gre(now, packet),
            Err(bytes) => drop(client.session.handle_stream(now, bytes)),
        })?;
        if client.stack.is_some() && server.stack.is_some() && !is_sent {
            ping(&mut sockets, handle, Ipv4Addr::new(10, 0, 0, 1))?;
            is_sent = true;
        }
        if let Ok((answer, from)) = sockets.get_mut::<icmp::Socket<'_>>(handle).recv() {
            println!("{} bytes of ICMP from {from}", answer.len());
            return Ok(());
        }
        now += Duration::from_millis(10);
        client.session.handle_timeout(now);
        server.session.handle_timeout(now);
    }
    Err("no answer".into())
}
