//! How fast the inspector reads a large capture without decrypting it, and how much memory it takes.
//!
//! `cargo bench -p pptp-benches --bench inspect [-- MEGABYTES]`
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that goes wrong stops"
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use pptp::inspect::{Inspector, Secrets};
use vpdn::capture;

/// Where the sender's and the receiver's addresses are in a captured frame: Ethernet (14), IPv4 (12).
const ADDRESSES: usize = 16 + 14 + 12;

/// Writes a capture of so many bytes: those of ours one after the other, again and again, each time
/// between other hosts.
fn write(path: &Path, size: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/captures");
    let mut captures: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.unwrap().path().join("client.pcap")).ok())
        .collect();
    captures.sort();
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(&captures[0][..24]).unwrap();
    let mut written = 24;
    for round in 0u32.. {
        for capture in &mut captures {
            let mut rest = &mut capture[24..];
            while !rest.is_empty() {
                let length = 16 + u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
                let (record, behind) = rest.split_at_mut(length);
                // The second byte of each address: 16 in the captures. The checksum of the header
                // is not looked at.
                for address in [ADDRESSES, ADDRESSES + 4] {
                    if record.len() > address + 4 && record[address] == 172 {
                        record[address + 1] = round.to_le_bytes()[0];
                    }
                }
                out.write_all(record).unwrap();
                written += length as u64;
                rest = behind;
            }
            if written >= size {
                out.flush().unwrap();
                return;
            }
        }
    }
}

/// Returns the most memory that the process has had, in kilobytes, where the system reports it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

fn main() {
    let megabytes = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(512u64);
    let path = std::env::temp_dir().join(format!("pptp-inspect-{}.pcap", std::process::id()));
    write(&path, megabytes * 1_000_000);
    let size = std::fs::metadata(&path).unwrap().len();
    let before = peak_memory();
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let mut inspector = Inspector::new(Secrets::new());
        let mut records = 0u64;
        let start = Instant::now();
        let report = capture::read(File::open(&path).unwrap(), &mut inspector, |_, _| records += 1);
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(report.outcome, Ok(()));
        let frames = report.frames;
        best = best.min(seconds);
        println!(
            "{:.0} MB, {frames} frames, {records} records in {seconds:.2} s: {:.0} MB/s, {:.2} million frames/s",
            size as f64 / 1e6,
            size as f64 / 1e6 / seconds,
            frames as f64 / 1e6 / seconds
        );
    }
    std::fs::remove_file(&path).unwrap();
    println!("best: {:.0} MB/s (goal: 300)", size as f64 / 1e6 / best);
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        println!("memory: {before} kB before, {after} kB at the most");
    }
}
