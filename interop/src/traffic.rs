//! Traffic through a tunnel: pings, and TCP transfers whose checksum is compared.
//!
//! All is done in the network of the calling thread ([`crate::namespace::in_network`] moves a
//! thread). The other end of a ping is any kernel; that of a transfer is [`Far`], or a program in
//! another machine. One listens at [`SINK`] and takes bytes to the end (`nc -l -p 5001 | sha1sum`).
//! Another listens at [`SOURCE`] and gives them (`nc -l -p 5002`); their checksums are [`digest`].

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto};
use sha1::{Digest, Sha1};

use crate::namespace::{clock, in_network};

/// Where bytes are taken, and where they are given.
pub const SINK: u16 = 5001;
/// See [`SINK`].
pub const SOURCE: u16 = 5002;

/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A SHA-1.
pub type Checksum = [u8; 20];

/// Sends an Echo Request with so many bytes of data and more headers (20 and 8), and waits for the
/// reply (RFC 792).
///
/// # Errors
///
/// The reason why it failed.
pub fn ping(to: Ipv4Addr, bytes: usize) -> Result<Duration, String> {
    ping_within(PATIENCE, to, bytes)
}

/// Returns the same, with another patience: on a line that loses packets, another try may be
/// sooner.
///
/// # Errors
///
/// The reason why it failed.
pub fn ping_within(patience: Duration, to: Ipv4Addr, bytes: usize) -> Result<Duration, String> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let failed = |error: rustix::io::Errno| format!("ping {to}: {error}");
    let socket: OwnedFd =
        rustix::net::socket_with(AddressFamily::INET, SocketType::RAW, flags, Some(ipproto::ICMP)).map_err(failed)?;
    rustix::net::connect(&socket, &SocketAddrV4::new(to, 0)).map_err(failed)?;
    let mut request = vec![8, 0, 0, 0, 0x70, 0x70, 0, bytes.to_le_bytes()[0]];
    request.extend((0..bytes).map(|index| index.to_le_bytes()[0]));
    let checksum = internet_checksum(&request);
    request[2..4].copy_from_slice(&checksum.to_be_bytes());
    let begin = clock();
    rustix::net::send(&socket, &request, SendFlags::empty()).map_err(failed)?;
    let mut buf = vec![0; 65536];
    while let Some(rest) = patience.checked_sub(begin.elapsed()) {
        let mut fds = [PollFd::new(&socket, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec::try_from(rest).unwrap())).map_err(failed)?;
        let Ok((length, _)) = rustix::net::recv(&socket, &mut buf[..], RecvFlags::DONTWAIT) else { continue };
        // Behind the IP header; type 0 is the reply, all else but the checksum is what was sent.
        let message = &buf[usize::from(buf[0] & 0x0f) * 4..length];
        if message.first() == Some(&0) && message.get(4..) == request.get(4..) {
            return Ok(begin.elapsed());
        }
    }
    Err(format!("ping {to}: no reply to {bytes} bytes"))
}

/// Computes the Internet checksum (RFC 1071).
fn internet_checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)));
    let sum = words.sum::<u32>();
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    !u16::try_from(sum & 0xffff).unwrap()
}

/// Returns bytes that can be compressed, though not much: noise, and words that come again.
#[must_use]
pub fn filler(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 64);
    while bytes.len() < length {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
        bytes.extend(
            b"the quick brown fox jumps over the lazy dog, "[..usize::from(state.to_le_bytes()[3] & 31)].iter(),
        );
    }
    bytes.truncate(length);
    bytes
}

/// Returns the checksum of bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> Checksum {
    Sha1::digest(bytes).into()
}

/// Gives bytes to the one who listens there at [`SINK`], and waits until it has them all. How long it took.
///
/// # Errors
///
/// The network's.
pub fn send(to: Ipv4Addr, bytes: &[u8]) -> std::io::Result<Duration> {
    let begin = clock();
    let mut tcp = TcpStream::connect((to, SINK))?;
    tcp.set_write_timeout(Some(PATIENCE))?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.write_all(bytes)?;
    tcp.shutdown(Shutdown::Write)?;
    // It closes when it has read to the end.
    let _ = tcp.read(&mut [0]);
    Ok(begin.elapsed())
}

/// Takes bytes from the one who listens there at [`SOURCE`], to the end. They, and how long it took.
///
/// # Errors
///
/// The network's.
pub fn receive(from: Ipv4Addr) -> std::io::Result<(Vec<u8>, Duration)> {
    let begin = clock();
    let mut tcp = TcpStream::connect((from, SOURCE))?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = Vec::new();
    tcp.read_to_end(&mut bytes)?;
    Ok((bytes, begin.elapsed()))
}

/// The other end of one transfer in each direction, in another network of this machine.
pub struct Far {
    sink: JoinHandle<Checksum>,
    source: JoinHandle<()>,
}

impl Far {
    /// Listens at these ports of an address in a network: see [`in_network`].
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    #[must_use]
    pub fn listen(network: Option<&str>, address: Ipv4Addr, gives: Vec<u8>) -> Self {
        let [sink, source] =
            [SINK, SOURCE].map(|port| in_network(network, || TcpListener::bind((address, port)).unwrap()));
        let sink = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let (mut tcp, _) = sink.accept().unwrap();
            tcp.set_read_timeout(Some(PATIENCE)).unwrap();
            tcp.read_to_end(&mut bytes).unwrap();
            digest(&bytes)
        });
        let source = std::thread::spawn(move || {
            let (mut tcp, _) = source.accept().unwrap();
            tcp.set_write_timeout(Some(PATIENCE)).unwrap();
            tcp.write_all(&gives).unwrap();
        });
        Self { sink, source }
    }

    /// Returns the checksum of what came.
    ///
    /// # Panics
    ///
    /// When one of the transfers failed.
    #[must_use]
    pub fn finish(self) -> Checksum {
        self.source.join().unwrap();
        self.sink.join().unwrap()
    }
}

/// The measurements of [`exercise`].
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Round trip of 1400 bytes.
    pub ping: Duration,
    /// Transfer to the other end.
    pub sent: Duration,
    /// Transfer from the other end.
    pub received: Duration,
}

/// A network and the address that it has in a tunnel.
#[derive(Debug, Clone, Copy)]
pub struct End<'n> {
    /// See [`in_network`].
    pub network: Option<&'n str>,
    /// The address.
    pub address: Ipv4Addr,
}

/// Pings of 56 and 1400 bytes in both directions, then a transfer of so many bytes in each, with their checksums.
///
/// # Panics
///
/// When something is lost or differs; `what` is said then.
#[must_use]
pub fn exercise(what: &str, near: End<'_>, far: End<'_>, length: usize) -> Measured {
    let mut longest = Duration::ZERO;
    for bytes in [56, 1400] {
        for (from, to) in [(near, far), (far, near)] {
            let ping = in_network(from.network, || ping(to.address, bytes));
            longest = longest.max(ping.unwrap_or_else(|error| panic!("{what}: {error}")));
        }
    }
    let (there, back) = (filler(length, 1), filler(length, 2));
    let expected = [digest(&there), digest(&back)];
    let other = Far::listen(far.network, far.address, back);
    let failed = |error| panic!("{what}: transfer: {error}");
    let sent = in_network(near.network, || send(far.address, &there)).unwrap_or_else(failed);
    let (came, received) =
        in_network(near.network, || receive(far.address)).unwrap_or_else(|error| panic!("{what}: transfer: {error}"));
    assert_eq!([other.finish(), digest(&came)], expected, "{what}: checksums");
    Measured { ping: longest, sent, received }
}
