//! The sentences for the user at the end, and the exit status.

use std::collections::BTreeMap;

use pptp::inspect::{Content, Direction, Inspector, NotDecrypted, Outcome, Session, Verdict};

use crate::capture::file::Error;
use crate::capture::{Item, Report};

/// Everything that was asked for was found.
pub const SUCCESS: u8 = 0;
/// A given secret does not fit.
pub const WRONG_SECRET: u8 = 1;
/// The file cannot be read to its end.
pub const UNREADABLE: u8 = 2;
/// There is no PPTP, L2TP or PPP in what was read.
pub const NOTHING: u8 = 3;

/// The question that was asked.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by programs")]
pub struct Question<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// The user whose secret was given.
    pub user: Option<&'a str>,
    /// Whether a password or its hash was given.
    pub password: bool,
    /// How many start keys were given.
    pub start_keys: usize,
}

/// The facts for the sentences, gathered while the capture is read.
#[derive(Debug, Default)]
pub struct Seen {
    records: u64,
    encrypted: bool,
    clear: bool,
    not_decrypted: BTreeMap<&'static str, u64>,
    no_secret: bool,
}

impl Seen {
    /// Takes note of an item.
    pub fn item(&mut self, item: &Item<'_>) {
        if let Item::L2tp(_) = item {
            self.records += 1;
        }
        let Item::Record(record) = item else { return };
        self.records += 1;
        // The given secret is of use for these packets alone.
        match record.content {
            Content::CompressedData { .. } => self.encrypted = true,
            Content::Datagram { decrypted: None, .. } => self.clear = true,
            Content::NotDecrypted { reason } => match reason {
                NotDecrypted::NoSecret => self.no_secret = true,
                NotDecrypted::AuthenticationNotSeen => self.count("the authentication was not captured"),
                NotDecrypted::ChallengeNotSeen => self.count("the Challenge or the Response was not captured"),
                NotDecrypted::NoKeys => self.count("the authentication makes no keys"),
                _ => {}
            },
            _ => {}
        }
    }

    fn count(&mut self, reason: &'static str) {
        *self.not_decrypted.entry(reason).or_default() += 1;
    }
}

/// Returns the exit status, and what the user should know.
///
/// ```
/// use pptp::inspect::{Inspector, Secrets};
/// use vpdn::capture;
/// use vpdn::show::verdict::{self, Question, Seen};
///
/// let mut inspector = Inspector::new(Secrets::new());
/// let report = capture::read(&b"some text"[..], &mut inspector, |_, _| {});
/// let question = Question { file: "notes.txt", ..Question::default() };
/// let (status, sentences) = verdict::judge(&question, &inspector, &Seen::default(), &report);
/// assert_eq!(status, verdict::UNREADABLE);
/// assert_eq!(
///     sentences,
///     ["notes.txt: not a capture: neither pcap nor pcapng, nor one of these in gzip"]
/// );
/// ```
#[must_use]
pub fn judge(question: &Question<'_>, inspector: &Inspector, seen: &Seen, report: &Report) -> (u8, Vec<String>) {
    let mut status = SUCCESS;
    let mut sentences = Vec::new();
    let is_capture = !matches!(report.outcome, Err(Error::NotACapture | Error::OtherFormat { .. }));
    if seen.records == 0 && is_capture {
        status = NOTHING;
        let read = report.frames.saturating_sub(report.unread.values().sum());
        if read > 0 || report.frames == 0 {
            let file = question.file;
            sentences.push(format!("no PPTP in {file}: no TCP port 1723, no GRE, no L2TP, no PPP in {read} frames"));
        }
    }
    for (link_type, frames) in &report.unread {
        sentences
            .push(format!("{frames} frames of link type {link_type} cannot be read: what is in them is not known"));
    }
    // Both are looked at, so that the user sees every reason at once.
    if wrong_passwords(inspector, &mut sentences) | wrong_keys(question, inspector, &mut sentences) {
        status = WRONG_SECRET;
    }
    if question.password || question.start_keys > 0 {
        not_needed(seen, &mut sentences);
    }
    if let (true, Some(user)) = (seen.no_secret, question.user) {
        sentences.push(format!("sessions of other users than \"{user}\" were not decrypted"));
    }
    let cut: u64 = counters(inspector).map(|counters| counters.not_captured).sum();
    if cut > 0 {
        sentences.push(format!("{cut} packets were not captured to their end: a longer snap length captures all"));
    }
    if let Err(error) = report.outcome {
        sentences.push(format!("{}: {error}", question.file));
        status = UNREADABLE;
    }
    (status, sentences)
}

fn counters(inspector: &Inspector) -> impl Iterator<Item = pptp::inspect::Counters> {
    let directions = [Direction::ToServer, Direction::ToClient];
    inspector.sessions().flat_map(move |session| directions.map(|direction| session.counters(direction)))
}

/// Says which passwords are wrong; where the server has refused as well, the client may have used
/// another.
fn wrong_passwords(inspector: &Inspector, sentences: &mut Vec<String>) -> bool {
    let mut any = false;
    for session in inspector.sessions() {
        let Some(authentication) = session.authentication() else { continue };
        let was_refused = matches!(authentication.outcome(), Outcome::Refused { .. });
        if let (Verdict::DoesNotFit(proof), false) = (authentication.verdict(), was_refused) {
            let (name, id) = (authentication.name().escape_ascii(), session.id().0);
            let of = proof.of();
            sentences.push(format!("wrong password for \"{name}\": it does not fit {of} in session {id}"));
            any = true;
        }
    }
    any
}

/// Returns a session of which nothing was decrypted with what was given, or less than there are
/// keys for.
fn wrong_keys(question: &Question<'_>, inspector: &Inspector, sentences: &mut Vec<String>) -> bool {
    let mut wrong = false;
    for session in inspector.sessions() {
        let undecrypted =
            [Direction::ToServer, Direction::ToClient].map(|direction| is_undecrypted(session, direction));
        let decrypted = |direction| session.counters(direction).decrypted != 0;
        let fits = [Direction::ToServer, Direction::ToClient].into_iter().any(decrypted);
        let id = session.id().0;
        match undecrypted {
            [false, false] => {}
            // One key is for one direction.
            [to_server, _] if fits && question.start_keys == 1 && !question.password => {
                let sender = if to_server { "client" } else { "server" };
                sentences.push(format!("the given key is not that of what the {sender} sends in session {id}"));
            }
            _ => {
                sentences.push(format!("the given key does not fit session {id}: no packet shows that it is right"));
                wrong = true;
            }
        }
    }
    wrong
}

/// Returns whether keys were tried on the packets of a direction, and fit none of them.
fn is_undecrypted(session: &Session, direction: Direction) -> bool {
    let counters = session.counters(direction);
    counters.nonsense != 0 && counters.decrypted == 0
}

/// Says for what a secret was given without use.
fn not_needed(seen: &Seen, sentences: &mut Vec<String>) {
    for (reason, count) in &seen.not_decrypted {
        sentences.push(format!("{count} encrypted packets were not decrypted: {reason}"));
    }
    if seen.records == 0 || seen.encrypted {
        return;
    }
    // That there was no encryption is said only of packets that were seen.
    sentences.push(if seen.clear {
        "no packet is encrypted: the secret was not needed to read them".into()
    } else {
        "no packet of data was captured, so that there is nothing to decrypt".into()
    });
}
