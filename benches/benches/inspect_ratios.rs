//! The inspector, decrypting, beside tshark on the same file: a session of the library with MPPE of 128 bits.
//!
//! `cargo bench -p pptp-benches --bench inspect_ratios [-- MEGABYTES]`
//!
//! tshark cannot decrypt MPPE: it reads headers alone.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a measurement that goes wrong stops"
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use etherparse::{IpNumber, PacketBuilder};
use pptp::inspect::{Direction, Inspector, Secrets};
use pptp::session::{Config, HEADROOM, MAX_RECEIVE};
use testing::CLIENT;
use testing::pptp::{Carried, PASSWORD, connected, exchange};
use vpdn::capture;

const ADDRESSES: [[u8; 4]; 2] = [[192, 0, 2, 1], [192, 0, 2, 2]];
const PORTS: [u16; 2] = [40_000, 1723];
const GRE: IpNumber = IpNumber(47);
/// Packets between two acknowledgments.
const PACKETS: usize = 16;
const ROUNDS: usize = 3;

/// A capture file that is written.
struct Capture {
    out: BufWriter<File>,
    size: usize,
    /// The next sequence number of TCP of each side.
    next: [u32; 2],
    time: u64,
}

impl Capture {
    fn create(path: &Path) -> Self {
        let mut out = BufWriter::new(File::create(path).unwrap());
        // pcap: magic, version, zone, accuracy, the longest frame, Ethernet.
        for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
            out.write_all(&field.to_le_bytes()).unwrap();
        }
        Self { out, size: 24, next: [1; 2], time: 0 }
    }

    /// Writes a packet that this side sends.
    fn write(&mut self, from: usize, packet: Carried<'_>) {
        let to = 1 - from;
        let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(ADDRESSES[from], ADDRESSES[to], 64);
        let mut frame = Vec::new();
        match packet {
            Carried::Stream(bytes) => {
                let tcp = ip.tcp(PORTS[from], PORTS[to], self.next[from], 65_535).ack(self.next[to]).psh();
                tcp.write(&mut frame, bytes).unwrap();
                self.next[from] += u32::try_from(bytes.len()).unwrap();
            }
            Carried::Datagram(bytes) => ip.write(&mut frame, GRE, bytes).unwrap(),
        }
        self.time += 10;
        let length = u32::try_from(frame.len()).unwrap();
        let (seconds, rest) = (self.time / 1_000_000, self.time % 1_000_000);
        for field in [u32::try_from(seconds).unwrap(), u32::try_from(rest).unwrap(), length, length] {
            self.out.write_all(&field.to_le_bytes()).unwrap();
        }
        self.out.write_all(&frame).unwrap();
        self.size += 16 + frame.len();
    }
}

/// Writes a capture of at least so many bytes. Returns how many packets of data are in it.
fn write(path: &Path, size: usize) -> u64 {
    let mut capture = Capture::create(path);
    let mut now = Duration::ZERO;
    let (mut client, mut server, _) = connected(now, &Config::strict(), |from, packet| capture.write(from, packet));
    let (mut scratch, mut sent) = ([0; MAX_RECEIVE], 0);
    while capture.size < size {
        for _ in 0..PACKETS {
            now += Duration::from_micros(10);
            let mut buf = vec![0x5a; HEADROOM + 1400];
            buf[HEADROOM..][..4].copy_from_slice(&[0x45, 0, 0x05, 0x78]);
            let packet = client.first_call_mut().unwrap().send_ip(now, &mut buf).unwrap();
            capture.write(CLIENT, Carried::Datagram(packet));
            let mut packet = packet.to_vec();
            assert!(server.handle_gre(now, &mut packet, &mut scratch).unwrap().1.ip().is_some());
            sent += 1;
        }
        now += Duration::from_millis(600);
        client.handle_timeout(now);
        server.handle_timeout(now);
        exchange(now, &mut client, &mut server, |from, packet| capture.write(from, packet));
    }
    capture.out.flush().unwrap();
    sent
}

/// Reads and decrypts the file. Returns the time.
fn inspect(path: &Path, packets: u64) -> f64 {
    let mut inspector = Inspector::new(Secrets::new().with_password(None, PASSWORD));
    let start = Instant::now();
    let report = capture::read(File::open(path).unwrap(), &mut inspector, |_, _| ());
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(report.outcome, Ok(()));
    let session = inspector.sessions().next().unwrap();
    assert_eq!(session.counters(Direction::ToServer).decrypted, packets, "{report:?}");
    seconds
}

/// Has tshark read the file. Returns the time.
fn tshark(path: &Path, options: &[&str]) -> Option<f64> {
    let start = Instant::now();
    let mut command = Command::new("tshark");
    command.arg("-r").arg(path).args(options).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().ok()?;
    status.success().then(|| start.elapsed().as_secs_f64())
}

fn main() {
    let megabytes = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(128_usize);
    let path = std::env::temp_dir().join(format!("pptp-inspect-{}.pcap", std::process::id()));
    let packets = write(&path, megabytes * 1_000_000);
    let size = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
    println!("{size:.0} MB, {packets} packets of 1400 bytes with MPPE of 128 bits");
    let mut ours = f64::INFINITY;
    // A line for each packet, the tree of protocols, for which every layer is looked at too, and no output.
    let mut peers: [(&[&str], f64); 3] =
        [&[][..], &["-q", "-z", "io,phs"], &["-q"]].map(|options| (options, f64::INFINITY));
    let mut has_tshark = true;
    for _ in 0..ROUNDS {
        ours = ours.min(inspect(&path, packets));
        for (options, best) in &mut peers {
            let time = tshark(&path, options);
            has_tshark &= time.is_some();
            *best = best.min(time.unwrap_or(f64::INFINITY));
        }
    }
    std::fs::remove_file(&path).unwrap();
    println!("inspector, decrypting: {ours:.2} s, {:.0} MB/s", size / ours);
    if !has_tshark {
        return println!("SKIPPED: tshark cannot be run");
    }
    for (options, time) in peers {
        println!("tshark -r {}: {time:.2} s, {:.1} times as long", options.join(" "), time / ours);
    }
    println!("goal: 20 times");
}
