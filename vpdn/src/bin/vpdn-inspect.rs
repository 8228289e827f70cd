//! Shows every layer of PPTP, L2TP and PPP sessions in a capture file, and decrypts them for a user who has the password.

#![forbid(unsafe_code)]
#![expect(clippy::std_instead_of_core, reason = "a program, not a library")]
#![expect(clippy::wildcard_enum_match_arm, reason = "it writes what it knows, and passes over the rest")]

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use l2tp_wire::header::{CookieSize, SessionLayout};
use l2tp_wire::{Secret, SecretError};
use ppp_fsm::Protocol;
use pptp::inspect::{Content, Inspector, Secrets};
use vpdn::capture::{self, Item, Place};
use vpdn::inspect::Tunnels;
use vpdn::show::verdict::{self, Question, Seen};
use vpdn::show::{Lines, Packets, Trace, summary, tunnels};

/// Show every layer of the PPTP and L2TP sessions in a capture, decrypted where the password is known.
///
/// It follows control connections (TCP port 1723), GRE, L2TP of versions 2 and 3 (UDP port 1701, IP
/// protocol 115), PPP with its control and authentication protocols, and MPPE. PPP over serial links
/// and PPPoE is shown too, and PPTP within it. The trace has a line a packet: number in the file,
/// seconds, session, protocol, then I for packets to the server and O for packets from it.
#[derive(Parser)]
#[command(
    name = "vpdn-inspect",
    after_help = "Exit status: 0, or 1 when a given secret does not fit, 2 when the file cannot be read to its end, \
                  3 when there is no PPTP, L2TP or PPP in what was read of it."
)]
struct Arguments {
    /// The capture: pcap or pcapng, also in gzip; - for standard input.
    file: PathBuf,
    /// User of the password or hash; without it, the secret is tried for everybody.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The password of the user: checked against MS-CHAP, CHAP, EAP-MD5 and PAP.
    #[arg(long)]
    password: Option<String>,
    /// The NT hash of the password, 32 hexadecimal digits.
    #[arg(long, value_name = "HEX", value_parser = hash)]
    nt_hash: Option<[u8; 16]>,
    /// An MPPE start key, 32 or 16 hexadecimal digits: tried where the authentication was not captured.
    #[arg(long, value_name = "HEX", value_parser = start_key)]
    send_key: Option<StartKey>,
    /// The start key of the other direction.
    #[arg(long, value_name = "HEX", value_parser = start_key)]
    recv_key: Option<StartKey>,
    /// How many packets of a direction may have been sent before the capture began, when it begins within a session.
    #[arg(long, value_name = "PACKETS", default_value_t = 65_536)]
    search_depth: u64,
    /// The secret of L2TP tunnels: checked against challenges and digests, and used for hidden AVPs.
    #[arg(long, value_name = "SECRET", value_parser = tunnel_secret)]
    tunnel_secret: Option<Secret>,
    /// Take this UDP port for L2TP's too.
    #[arg(long, value_name = "PORT")]
    l2tp_port: Option<u16>,
    /// How many bytes of cookie the data of L2TPv3 sessions has that were set up by hand, without it that is found out.
    #[arg(long, value_name = "0|4|8", value_parser = cookie_size)]
    l2tp_cookie: Option<CookieSize>,
    /// Whether the data of such sessions has the default sublayer; no without it, if a cookie is given.
    #[arg(long)]
    l2tp_sublayer: bool,
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
    let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
    bytes.try_into().map_err(|bytes: Vec<u8>| format!("{} bytes, not 16", bytes.len()))
}

fn start_key(digits: &str) -> Result<StartKey, String> {
    let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
    match bytes.len() {
        8 | 16 => Ok(bytes),
        length => Err(format!("{length} bytes, not 8 or 16")),
    }
}

fn tunnel_secret(text: &str) -> Result<Secret, SecretError> {
    Secret::new(text.as_bytes())
}

fn cookie_size(text: &str) -> Result<CookieSize, String> {
    match text {
        "0" => Ok(CookieSize::Zero),
        "4" => Ok(CookieSize::Four),
        "8" => Ok(CookieSize::Eight),
        _ => Err("a cookie has 0, 4 or 8 bytes".into()),
    }
}

impl Arguments {
    fn tunnels(&self) -> Tunnels {
        let mut tunnels = Tunnels::new();
        if let Some(secret) = &self.tunnel_secret {
            tunnels = tunnels.with_secret(secret);
        }
        if let Some(port) = self.l2tp_port {
            tunnels = tunnels.with_port(port);
        }
        if self.l2tp_cookie.is_some() || self.l2tp_sublayer {
            let cookie_size = self.l2tp_cookie.unwrap_or(CookieSize::Zero);
            tunnels = tunnels.with_static_layout(SessionLayout { cookie_size, has_sublayer: self.l2tp_sublayer });
        }
        tunnels
    }

    fn secrets(&self) -> Secrets {
        let user = self.user.as_deref();
        let mut secrets = Secrets::new().with_search_depth(self.search_depth);
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
}

/// The output for each packet.
enum Output {
    /// Its colours are taken away unless the output is a terminal.
    Trace(Trace<BufWriter<anstream::Stdout>>),
    Lines(Lines<BufWriter<io::Stdout>>),
    Nothing,
}

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 16;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(status) => status,
        // The reader of the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("{}: {error}", arguments.file.display()));
            ExitCode::from(2)
        }
    }
}

fn complain(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "vpdn-inspect: {text}");
}

fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let source: Box<dyn io::Read + Send> =
        if arguments.file.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(&arguments.file)?) };
    let mut output = Output::new(arguments);
    let mut inner = arguments.write.as_deref().map(Packets::create).transpose()?;
    let mut left_out: u64 = 0;
    let mut inspector = Inspector::new(arguments.secrets());
    let mut seen = Seen::default();
    let mut written = Ok(());
    let mut l2tp = arguments.tunnels();
    let report = capture::read_with_tunnels(source, &mut inspector, &mut l2tp, |place, item| {
        if written.is_ok() {
            seen.item(&item);
            written = output.item(place, item).and_then(|()| write_inner(&mut inner, &mut left_out, place, item));
        }
    });
    written?;
    output.flush()?;
    if let (Some(inner), Some(path)) = (inner, &arguments.write) {
        let packets = inner.finish()?;
        let without = match left_out {
            0 => String::new(),
            packets => format!("; {packets} were left out, which are not IP or have compressed headers"),
        };
        complain(format_args!("{packets} decrypted packets written to {}{without}", path.display()));
    }
    if !arguments.json {
        tunnels::write(&mut io::stdout().lock(), &l2tp)?;
        summary::write(&mut io::stdout().lock(), &inspector)?;
    }
    let file = arguments.file.display().to_string();
    let question = Question {
        file: &file,
        user: arguments.user.as_deref(),
        password: arguments.password.is_some() || arguments.nt_hash.is_some(),
        start_keys: [&arguments.send_key, &arguments.recv_key].into_iter().flatten().count(),
    };
    let (status, sentences) = verdict::judge(&question, &inspector, &seen, &report);
    let (of_tunnels, about_tunnels) = tunnels::judge(&l2tp);
    for sentence in sentences.into_iter().chain(about_tunnels) {
        complain(format_args!("{sentence}"));
    }
    Ok(ExitCode::from(status.max(of_tunnels)))
}

fn write_inner(inner: &mut Option<Packets>, left_out: &mut u64, place: &Place, item: Item<'_>) -> io::Result<()> {
    let (Some(inner), Item::Record(record)) = (inner, item) else { return Ok(()) };
    match record.content {
        Content::Datagram { bytes, decrypted: Some(_), protocol: Protocol::IP | Protocol::IPV6 } => {
            inner.packet(place.time, bytes)
        }
        Content::Datagram { decrypted: Some(_), .. } => {
            *left_out = left_out.saturating_add(1);
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Output {
    fn new(arguments: &Arguments) -> Self {
        if arguments.json {
            Self::Lines(Lines::new(BufWriter::with_capacity(BUFFER, io::stdout())))
        } else if arguments.summary {
            Self::Nothing
        } else {
            Self::Trace(Trace::new(BufWriter::with_capacity(BUFFER, anstream::stdout())))
        }
    }

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
