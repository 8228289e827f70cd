//! Shows every layer of PPTP sessions in a capture file, and decrypts them for who has the password.
//!
//! ```text
//! cargo run --release -p pptp --example inspect -- capture.pcap --user alice --password wonderland
//! ```
//!
//! From the file to the screen: `file` reads pcap and pcapng, `outer` takes the outer headers off, `tcp` puts the control
//! connection in order, `feed` gives all of it to `pptp::inspect::Inspector`, and `text`, `lines` and `summary` show what
//! comes out.

#![expect(clippy::arithmetic_side_effects, reason = "sums of lengths within a packet, and counts")]
#![expect(clippy::integer_division, reason = "seconds of nanoseconds")]
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program, not a library")]
#![expect(clippy::wildcard_enum_match_arm, reason = "it shows what it knows, and passes over the rest")]
#![expect(unreachable_pub, reason = "tests of another package use the same modules")]

#[path = "inspect/feed.rs"]
mod feed;
#[path = "inspect/file.rs"]
mod file;
#[path = "inspect/inner.rs"]
mod inner;
#[path = "inspect/json.rs"]
mod json;
#[path = "inspect/lines.rs"]
mod lines;
#[path = "inspect/outer.rs"]
mod outer;
#[path = "inspect/summary.rs"]
mod summary;
#[path = "inspect/tcp.rs"]
mod tcp;
#[path = "inspect/text.rs"]
mod text;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use pptp::inspect::{Content, Direction, Inspector, NotDecrypted, Outcome, Secrets, Verdict};

use feed::{Item, Place};
use inner::Inner;
use lines::Lines;
use text::Trace;

/// Show every layer of the PPTP sessions in a capture, decrypted where the password is known.
///
/// Control connections (TCP port 1723), GRE, PPP with its control and authentication protocols, and MPPE are followed; PPP
/// over serial links, PPPoE and L2TP is shown too. The trace has a line a packet: number in the file, seconds, session,
/// protocol, then I for packets to the server and O for packets from it.
#[derive(Parser)]
#[command(
    name = "inspect",
    after_help = "Exit status: 0, or 1 when a given secret does not fit, 2 when the file cannot be read to its end, \
                  3 when there is no PPTP or PPP in it."
)]
struct Arguments {
    /// The capture: pcap or pcapng; - for standard input.
    file: PathBuf,
    /// Whose password or hash it is; without it, it is tried for everybody.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The password of the user.
    #[arg(long)]
    password: Option<String>,
    /// The NT hash of the password, 32 hexadecimal digits.
    #[arg(long, value_name = "HEX", value_parser = hash)]
    nt_hash: Option<[u8; 16]>,
    /// An MPPE start key, 32 or 16 hexadecimal digits: tried where the authentication was not seen.
    #[arg(long, value_name = "HEX", value_parser = start_key)]
    send_key: Option<StartKey>,
    /// The start key of the other direction.
    #[arg(long, value_name = "HEX", value_parser = start_key)]
    recv_key: Option<StartKey>,
    /// Write JSON lines, with the names that tshark has for the same fields, instead of the trace.
    #[arg(long, conflicts_with = "summary")]
    json: bool,
    /// Write the decrypted IP packets to this file, as pcap.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Write the summary only.
    #[arg(long)]
    summary: bool,
}

type StartKey = Vec<u8>;

fn hash(digits: &str) -> Result<[u8; 16], String> {
    let octets = hex::decode(digits).map_err(|error| error.to_string())?;
    octets.try_into().map_err(|octets: Vec<u8>| format!("{} octets, not 16", octets.len()))
}

fn start_key(digits: &str) -> Result<StartKey, String> {
    let octets = hex::decode(digits).map_err(|error| error.to_string())?;
    match octets.len() {
        8 | 16 => Ok(octets),
        length => Err(format!("{length} octets, not 8 or 16")),
    }
}

impl Arguments {
    fn secrets(&self) -> Secrets {
        let user = self.user.as_deref();
        let mut secrets = Secrets::new();
        if let Some(password) = &self.password {
            secrets = secrets.with_password(user, password);
        }
        if let Some(hash) = self.nt_hash {
            secrets = secrets.with_nt_hash(user, hash);
        }
        for key in [&self.send_key, &self.recv_key].into_iter().flatten() {
            secrets = secrets.with_start_key(key);
        }
        secrets
    }

    fn has_secret(&self) -> bool {
        self.password.is_some() || self.nt_hash.is_some() || self.send_key.is_some() || self.recv_key.is_some()
    }
}

/// What is written for each packet.
enum Output {
    /// Its colours are taken away unless the output is a terminal.
    Trace(Trace<BufWriter<anstream::Stdout>>),
    Lines(Lines<BufWriter<io::Stdout>>),
    Nothing,
}

/// Octets that are gathered before they are written.
const BUFFER: usize = 1 << 16;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(status) => status,
        // Whoever reads the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("{}: {error}", arguments.file.display()));
            ExitCode::from(2)
        }
    }
}

fn complain(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "inspect: {text}");
}

fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let source: Box<dyn io::Read + Send> =
        if arguments.file.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(&arguments.file)?) };
    let mut output = if arguments.json {
        Output::Lines(Lines::new(BufWriter::with_capacity(BUFFER, io::stdout())))
    } else if arguments.summary {
        Output::Nothing
    } else {
        Output::Trace(Trace::new(BufWriter::with_capacity(BUFFER, anstream::stdout())))
    };
    let mut inner = arguments.write.as_deref().map(Inner::create).transpose()?;
    let mut inspector = Inspector::new(arguments.secrets());
    let mut seen = Seen::default();
    let mut written = Ok(());
    let (_, read) = feed::read(source, &mut inspector, |place, item| {
        if written.is_ok() {
            seen.item(&item);
            written = output.item(place, item).and_then(|()| write_inner(&mut inner, place, item));
        }
    });
    written?;
    output.flush()?;
    if let (Some(inner), Some(path)) = (inner, &arguments.write) {
        let packets = inner.finish()?;
        complain(format_args!("{packets} decrypted packets written to {}", path.display()));
    }
    if !arguments.json {
        summary::write(&mut io::stdout().lock(), &inspector)?;
    }
    Ok(verdict(arguments, &inspector, &seen, read))
}

/// What the sentences at the end are about.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was seen or not")]
struct Seen {
    anything: bool,
    compressed: bool,
    decrypted: bool,
    no_secret: bool,
}

impl Seen {
    fn item(&mut self, item: &Item<'_>) {
        let Item::Record(record) = item else { return };
        self.anything = true;
        match record.content {
            Content::CompressedData { .. } => self.compressed = true,
            Content::Datagram { decrypted: Some(_), .. } => self.decrypted = true,
            Content::NotDecrypted { reason: NotDecrypted::NoSecret } => self.no_secret = true,
            _ => {}
        }
    }
}

fn write_inner(inner: &mut Option<Inner>, place: &Place, item: Item<'_>) -> io::Result<()> {
    let (Some(inner), Item::Record(record)) = (inner, item) else { return Ok(()) };
    match record.content {
        Content::Datagram { octets, decrypted: Some(_), protocol: ppp_fsm::Protocol::IP | ppp_fsm::Protocol::IPV6 } => {
            inner.packet(place.time, octets)
        }
        _ => Ok(()),
    }
}

/// Says what the user should know, in a sentence each, and chooses the exit status.
fn verdict(arguments: &Arguments, inspector: &Inspector, seen: &Seen, read: Result<(), file::Error>) -> ExitCode {
    let mut status = ExitCode::SUCCESS;
    if !seen.anything && read != Err(file::Error::NotACapture) {
        complain(format_args!("no PPTP in {}: no TCP port 1723, no GRE, no PPP", arguments.file.display()));
        status = ExitCode::from(3);
    }
    for session in inspector.sessions() {
        let Some(authentication) = session.authentication() else { continue };
        // Where the server refused as well, the client may have used another password.
        if let (Verdict::DoesNotFit(proof), Outcome::Accepted) = (authentication.verdict(), authentication.outcome()) {
            let name = authentication.name().escape_ascii();
            let id = session.id().0;
            complain(format_args!("wrong password for \"{name}\": it does not fit {} in session {id}", proof.of()));
            status = ExitCode::from(1);
        }
    }
    let nonsense = |direction| {
        inspector.sessions().any(|session| {
            let counters = session.counters(direction);
            counters.nonsense != 0 && counters.decrypted == 0
        })
    };
    if status == ExitCode::SUCCESS && [Direction::ToServer, Direction::ToClient].into_iter().any(nonsense) {
        complain(format_args!("wrong keys: packets of at least one direction decrypt to nonsense with all of them"));
        status = ExitCode::from(1);
    }
    if arguments.has_secret() && !seen.compressed && seen.anything {
        complain(format_args!("no packet is encrypted: the secret was not needed"));
    }
    if let (true, Some(user)) = (seen.no_secret, &arguments.user) {
        complain(format_args!("sessions of other users than \"{user}\" were not decrypted"));
    }
    if let Err(error) = read {
        complain(format_args!("{}: {error}", arguments.file.display()));
        status = ExitCode::from(2);
    }
    status
}

impl Output {
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Trace(trace) => trace.out.flush(),
            Self::Lines(lines) => lines.out.flush(),
            Self::Nothing => Ok(()),
        }
    }

    fn item(&mut self, place: &Place, item: Item<'_>) -> io::Result<()> {
        match self {
            Self::Trace(trace) => trace.item(place, item),
            Self::Lines(lines) => lines.item(place, item),
            Self::Nothing => Ok(()),
        }
    }
}
