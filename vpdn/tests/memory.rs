//! Bounds: whatever is in a capture, the memory that reading takes has a limit.

#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests may fail")]
#![expect(clippy::integer_division, reason = "kilobytes")]

mod common;

use std::io::{self, Read};

use common::say;
use pptp::inspect::{Inspector, Secrets};
use vpdn::capture;

/// A capture that is made while it is read: frames of IPv4, from `make`.
struct Endless<F> {
    ready: Vec<u8>,
    read: usize,
    number: u32,
    count: u32,
    make: F,
}

impl<F: FnMut(u32) -> Vec<u8>> Read for Endless<F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.read == self.ready.len() && self.number < self.count {
            let frame = (self.make)(self.number);
            let file = common::pcap(101, &[((0, 0), frame)]);
            // The header of the file comes once.
            self.ready = if self.number == 0 { file } else { file[24..].to_vec() };
            self.read = 0;
            self.number += 1;
        }
        let length = buf.len().min(self.ready.len() - self.read);
        buf[..length].copy_from_slice(&self.ready[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

/// Returns an IPv4 packet between two of many hosts.
fn ip(protocol: u8, client: u16, flags: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let [c0, c1] = client.to_be_bytes();
    let [i0, i1, f0, f1] = flags;
    let header = [0x45, 0, length[0], length[1], i0, i1, f0, f1, 64, protocol, 0, 0, 10, 0, c0, c1, 192, 0, 2, 1];
    [&header, payload].concat()
}

/// Returns what makes the reader and the inspector keep as much as they can.
fn hostile(number: u32) -> Vec<u8> {
    let [n0, n1, n2, n3] = number.to_be_bytes();
    // Each of as many sessions as are remembered gets the next packet in turn.
    let client = u16::try_from(number / 3 % 1000).unwrap();
    match number % 3 {
        // Encrypted packets that wait for a key to be proved.
        0 => {
            let header = [0x30, 0x01, 0x88, 0x0b, 0x03, 0xe8, 0, 7, n0, n1, n2, n3, 0xfd, 0x90, n3];
            ip(47, client, [0; 4], &[&header[..], &[n3; 997]].concat())
        }
        // Bytes of a control connection that wait for a gap to be filled.
        1 => {
            let tcp = [0x06, 0xbb, 0x80, 0x00, 0, n1, n2, n3, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0];
            ip(6, client, [0; 4], &[&tcp[..], &[n3; 1000]].concat())
        }
        // Fragments that are never whole.
        _ => ip(47, client, [n2, n3, 0x20, 0x10], &[n3; 1000]),
    }
}

/// Returns the most memory that the process has had, in kilobytes, where the system says it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn a_hostile_capture_takes_a_bounded_amount_of_memory() {
    let Some(before) = peak_memory() else {
        say!("SKIPPED: the system does not say how much memory a process has had");
        return;
    };
    let count = 96_000;
    let source = Endless { ready: Vec::new(), read: 0, number: 0, count, make: hostile };
    let secrets = Secrets::new().with_start_key(&[7; 16]).with_search_depth(4096);
    let mut inspector = Inspector::new(secrets);
    let report = capture::read(source, &mut inspector, |_, _| {});
    assert_eq!((report.frames, report.outcome), (u64::from(count), Ok(())));
    assert_eq!(inspector.sessions().count(), 1000);
    let grown = (peak_memory().unwrap() - before) / 1024;
    say!("{count} hostile frames, {} MB: {grown} MB of memory", count / 1000);
    // 1,024 sessions of which each direction keeps 32 KB, 2,048 flows of 16 KB, 64 fragmented packets.
    assert!((20..150).contains(&grown), "{grown} MB");
}
