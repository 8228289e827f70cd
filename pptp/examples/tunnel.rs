//! A PPTP client and its server in one process, joined by a lossy path that a seed decides on: no privileges, no network.
//!
//! ```text
//! cargo run --release -p pptp --example tunnel
//! cargo run --release -p pptp --example tunnel -- --loss 20 --megabytes 16 --seed 7
//! ```
//!
//! The client dials, proves itself with MS-CHAP version 2, and agrees on MPPE with 128 bits. Then the two ends ping each
//! other and carry a file. Time is simulated, so the same seed gives the same lines.
//!
//! `world` puts the two sessions into the simulated network of the crate `testing`, `traffic` makes
//! the IP packets. The trace is that of `vpdn-inspect`, whose inspector is fed with the bytes as
//! they pass by.

#![expect(clippy::arithmetic_side_effects, reason = "times and counts of a simulation")]
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program, not a library")]
#![expect(clippy::wildcard_enum_match_arm, reason = "it shows what it knows, and passes over the rest")]
#![expect(unreachable_pub, reason = "what is public in a module is for the other modules")]

#[path = "tunnel/traffic.rs"]
mod traffic;
#[path = "tunnel/world.rs"]
mod world;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use pptp::session::{Compression, Config};

use testing::Profile;
use world::{End, World};

/// A PPTP client and its server in one process, over a path that loses and reorders packets.
#[derive(Parser)]
#[command(name = "tunnel")]
struct Arguments {
    /// The same seed gives the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many of 100 GRE packets are lost.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=60))]
    loss: u8,
    /// How long a packet is on its way, in milliseconds; up to half as long again at random, so that some overtake others.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
    delay: u64,
    /// The size of the file that is carried.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    megabytes: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = anstream::stdout().lock();
    match run(&arguments, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "tunnel: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, out: &mut impl Write) -> io::Result<()> {
    let delay = Duration::from_millis(arguments.delay);
    let profile = Profile { loss: u64::from(arguments.loss) * 10, delay, jitter: delay / 2, ..Profile::CLEAN };
    let size = usize::try_from(arguments.megabytes << 20).map_err(io::Error::other)?;

    writeln!(out, "A client dials a server; the path between them loses {} of 100 GRE packets.\n", arguments.loss)?;
    let mut world = World::new(&Config::strict(), profile, arguments.seed);
    world.show_trace(true);
    world.connect(out)?;
    writeln!(out, "\nThe client asks the server whether it is there.\n")?;
    world.ping(out, End::Client, 5)?;
    world.show_trace(false);
    writeln!(out, "\nAnd a file in each direction, all of it in packets that are encrypted.\n")?;
    for from in [End::Client, End::Server] {
        world.transfer(out, from, size)?;
    }
    writeln!(out)?;
    world.report(out)?;
    writeln!(out, "\nThe client hangs up.\n")?;
    world.show_trace(true);
    world.hang_up(out)?;

    writeln!(out, "\nThe same with MPPC: compressed first, then encrypted.\n")?;
    let compressed = Config::strict().with_ppp(|ppp| ppp.with_compression(Compression::Default));
    let mut world = World::new(&compressed, profile, arguments.seed);
    world.connect(out)?;
    world.transfer(out, End::Client, size)?;
    world.hang_up(out)
}
