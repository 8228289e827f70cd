//! Many packets at once: their key schedules and streams are stepped side by side, which fills the processor.

use core::ops::Range;

use crate::algorithm::Mode;
use crate::cipher::{self, HEAD_LEN, LANES, Position, Table};
use crate::decryptor::{Decrypted, Decryptor};
use crate::encryptor::{Encryptor, checked};
use crate::error::{DecryptError, EncryptError};
use crate::header::{Flags, Header};
use crate::key::KEY_LEN;
use crate::secret::wipe;

/// A packet to be encrypted, and afterwards the encrypted one.
///
/// ```
/// use mppe::{EncryptError, Outgoing};
///
/// let mut buf = [0, 0, 0xc0, 0x21, 9, 1, 0, 4];
/// let packet = Outgoing::new(&mut buf, 2..8);
/// assert_eq!(packet.packet(), Some(Err(EncryptError::Protocol { found: 0xc021 })));
/// let mut buf = [0, 0, 0x00, 0x21, 0x45, 0];
/// assert_eq!(Outgoing::new(&mut buf, 2..6).packet(), None);
/// ```
pub struct Outgoing<'p> {
    /// Header and plaintext, then header and ciphertext. Empty when it is refused.
    packet: &'p mut [u8],
    flags: Flags,
    state: State,
}

/// What became of an outgoing packet.
#[derive(Clone, Copy, Debug)]
enum State {
    Waiting,
    Encrypted,
    Refused(EncryptError),
}

impl<'p> Outgoing<'p> {
    /// As the arguments of [`Encryptor::encrypt_in_place`].
    #[must_use]
    pub fn new(buf: &'p mut [u8], plaintext: Range<usize>) -> Self {
        Self::compressed(buf, plaintext, Flags::empty())
    }

    /// As the arguments of [`Encryptor::encrypt_compressed_in_place`].
    #[must_use]
    pub fn compressed(buf: &'p mut [u8], plaintext: Range<usize>, flags: Flags) -> Self {
        match checked(buf, plaintext, flags) {
            Ok(packet) => Self { packet, flags: flags.intersection(Flags::COMPRESSION), state: State::Waiting },
            Err(error) => Self { packet: &mut [], flags: Flags::empty(), state: State::Refused(error) },
        }
    }

    /// The encrypted packet; `None` before a batch was through.
    ///
    /// # Errors
    ///
    /// Why it cannot be encrypted.
    #[must_use]
    pub const fn packet(&self) -> Option<Result<&[u8], EncryptError>> {
        match self.state {
            State::Waiting => None,
            State::Encrypted => Some(Ok(self.packet)),
            State::Refused(error) => Some(Err(error)),
        }
    }

    /// The packet, if it waits; from now on it does not.
    fn take(&mut self) -> Option<(&mut [u8], Flags)> {
        let waits = matches!(self.state, State::Waiting);
        waits.then(|| {
            self.state = State::Encrypted;
            (&mut *self.packet, self.flags)
        })
    }

    fn encrypt(&mut self, encryptor: &mut Encryptor) {
        if let Some((packet, flags)) = self.take() {
            encryptor.encrypt_packet(packet, flags);
        }
    }
}

/// What became of a packet, once something has.
type Verdict = Option<Result<Header, DecryptError>>;

/// A packet to be decrypted, and afterwards the decrypted one.
///
/// ```
/// use mppe::{Batch, Config, DecryptError, Decryptor, Incoming, Mode, Receiving, StartKey, Strength};
///
/// let start = StartKey::from_octets(Strength::Bits128, [1; 16]);
/// let mut decryptor = Decryptor::new(&start, &Config::new(Mode::Stateless));
/// let mut buf = [0x80, 0x00, 0x21];
/// let mut packets = [Incoming::new(&mut buf)];
/// Batch::new().decrypt(&mut [Receiving::new(&mut decryptor, &mut packets)]);
/// assert_eq!(packets[0].decrypted(), Some(Err(DecryptError::NotEncrypted)));
/// ```
pub struct Incoming<'p> {
    packet: &'p mut [u8],
    result: Verdict,
}

impl<'p> Incoming<'p> {
    /// As the argument of [`Decryptor::decrypt`].
    #[must_use]
    pub const fn new(packet: &'p mut [u8]) -> Self {
        Self { packet, result: None }
    }

    /// The decrypted packet; `None` before a batch was through.
    ///
    /// # Errors
    ///
    /// Why it was not decrypted.
    #[must_use]
    pub fn decrypted(&self) -> Option<Result<Decrypted<'_>, DecryptError>> {
        let plaintext = || self.packet.get(Header::LEN..).unwrap_or(&[]);
        self.result.map(|result| result.map(|header| Decrypted { header, plaintext: plaintext() }))
    }

    fn decrypt<const LATE: usize>(&mut self, decryptor: &mut Decryptor<LATE>) {
        self.result = Some(decryptor.decrypt(self.packet).map(|decrypted| decrypted.header));
    }
}

/// Packets of one session, in order, that a [`Batch`] encrypts.
///
/// ```
/// use mppe::{Batch, Config, Encryptor, Mode, Outgoing, Sending, StartKey, Strength};
///
/// let start = StartKey::from_octets(Strength::Bits128, [1; 16]);
/// let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
/// let mut bufs = [[0, 0, 0x00, 0x21, 0x45, 0]; 3];
/// let mut packets = bufs.each_mut().map(|buf| Outgoing::new(buf, 2..6));
/// Batch::new().encrypt(&mut [Sending::new(&mut encryptor, &mut packets)]);
/// assert_eq!(encryptor.statistics().packets_encrypted, 3);
/// ```
#[derive(Debug)]
pub struct Sending<'a, 'p> {
    encryptor: &'a mut Encryptor,
    packets: &'a mut [Outgoing<'p>],
}

/// Packets of one session, in the order in which they came, that a [`Batch`] decrypts.
///
/// ```
/// use mppe::{Config, Decryptor, Incoming, Mode, Receiving, StartKey, Strength};
///
/// let start = StartKey::from_octets(Strength::Bits128, [1; 16]);
/// let mut decryptor = Decryptor::new(&start, &Config::new(Mode::Stateless));
/// let mut received = [[0x90, 0x00, 1, 2, 3], [0x90, 0x01, 4, 5, 6]];
/// let mut packets = received.each_mut().map(|packet| Incoming::new(packet));
/// let session = Receiving::new(&mut decryptor, &mut packets);
/// # assert!(format!("{session:?}").contains("Decryptor"));
/// ```
#[derive(Debug)]
pub struct Receiving<'a, 'p, const LATE: usize = 64> {
    decryptor: &'a mut Decryptor<LATE>,
    packets: &'a mut [Incoming<'p>],
}

/// Encrypts and decrypts many packets at once: some of one session, or one or some of each of many sessions.
///
/// The packets are as if handled one by one, in order within each session. Four packets at a time are worked on; from
/// different sessions that takes least time. It holds no state but room for
/// their tables (less than 2.5 KiB), so one does for all.
///
/// ```
/// use mppe::{Batch, Config, Decryptor, Encryptor, Incoming, Mode, Outgoing, Receiving, Sending, StartKey, Strength};
///
/// let config = Config::new(Mode::Stateless);
/// let starts = [[1; 16], [2; 16]].map(|octets| StartKey::from_octets(Strength::Bits128, octets));
/// let mut encryptors = starts.each_ref().map(|start| Encryptor::new(start, &config));
/// let mut decryptors = starts.each_ref().map(|start| Decryptor::new(start, &config));
/// let mut batch = Batch::new();
///
/// // Two packets of each of two sessions: room for the header, protocol, the start of an IP packet.
/// let mut buffers = [[[0, 0, 0x00, 0x21, 0x45, 0, 0, 0]; 2]; 2];
/// let mut packets = buffers.each_mut().map(|session| session.each_mut().map(|buf| Outgoing::new(buf, 2..8)));
/// let mut sessions = Vec::new();
/// for (encryptor, packets) in encryptors.iter_mut().zip(&mut packets) {
///     sessions.push(Sending::new(encryptor, packets));
/// }
/// batch.encrypt(&mut sessions);
/// assert!(packets.iter().flatten().all(|packet| packet.packet().is_some_and(|packet| packet.is_ok())));
///
/// for (decryptor, session) in decryptors.iter_mut().zip(&mut buffers) {
///     let mut packets = session.each_mut().map(|packet| Incoming::new(packet));
///     batch.decrypt(&mut [Receiving::new(decryptor, &mut packets)]);
///     for packet in &packets {
///         assert_eq!(packet.decrypted().ok_or("not handled")??.payload(), [0x45, 0, 0, 0]);
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Batch {
    tables: [Table; LANES],
    interim: [Table; LANES],
    keys: [[[u8; KEY_LEN]; 2]; LANES],
    heads: [[[u8; HEAD_LEN]; 2]; LANES],
    positions: [Position; LANES],
}

/// Shorter packets of a stateful session are not worth carrying its table here and back.
const SHORT: usize = 192;

impl<'a, 'p> Sending<'a, 'p> {
    /// The packets of one session.
    #[must_use]
    pub const fn new(encryptor: &'a mut Encryptor, packets: &'a mut [Outgoing<'p>]) -> Self {
        Self { encryptor, packets }
    }

    /// The next packet that can be encrypted, with the compressor's bits.
    fn take(&mut self) -> Option<(&'a mut [u8], Flags)> {
        while let Some((first, rest)) = core::mem::take(&mut self.packets).split_first_mut() {
            self.packets = rest;
            if let Some(taken) = first.take() {
                return Some(taken);
            }
        }
        None
    }

    /// Encrypts the next packets, as long as it is said so of them, one by one.
    fn encrypt_while(&mut self, mut holds: impl FnMut(&mut Encryptor, &[Outgoing<'p>]) -> bool) {
        while !self.packets.is_empty() && holds(self.encryptor, self.packets) {
            if let Some((first, rest)) = core::mem::take(&mut self.packets).split_first_mut() {
                self.packets = rest;
                first.encrypt(self.encryptor);
            }
        }
    }

    /// Whether the next packet is a long one that a stateful stream runs through. Those before are encrypted at once.
    fn seek_running(&mut self) -> bool {
        if self.encryptor.mode() == Mode::Stateful {
            self.encrypt_while(|encryptor, packets| {
                let long = packets.first().is_some_and(|packet| packet.packet.len() >= SHORT);
                !long || encryptor.running().is_none()
            });
        }
        self.encryptor.mode() == Mode::Stateful && !self.packets.is_empty()
    }
}

impl<'a, 'p, const LATE: usize> Receiving<'a, 'p, LATE> {
    /// The packets of one session.
    #[must_use]
    pub const fn new(decryptor: &'a mut Decryptor<LATE>, packets: &'a mut [Incoming<'p>]) -> Self {
        Self { decryptor, packets }
    }

    fn take(&mut self) -> Option<(&'a mut [u8], &'a mut Verdict)> {
        let (first, rest) = core::mem::take(&mut self.packets).split_first_mut()?;
        self.packets = rest;
        Some((&mut *first.packet, &mut first.result))
    }

    /// Decrypts the next packets, as long as it is said so of them, one by one.
    fn decrypt_while(&mut self, mut holds: impl FnMut(&Decryptor<LATE>, &[Incoming<'p>]) -> bool) {
        while !self.packets.is_empty() && holds(self.decryptor, self.packets) {
            if let Some((first, rest)) = core::mem::take(&mut self.packets).split_first_mut() {
                self.packets = rest;
                first.decrypt(self.decryptor);
            }
        }
    }

    /// The next packet that needs a lane of its own. Others are decrypted at once.
    fn take_lane(&mut self) -> Option<(&'a mut [u8], &'a mut Verdict)> {
        self.decrypt_while(|decryptor, packets| packets.first().is_none_or(|packet| !decryptor.is_lane(packet.packet)));
        self.take()
    }

    /// Whether the next packet is a long one that a stateful stream runs through. Those before are decrypted at once.
    fn seek_running(&mut self) -> bool {
        if self.decryptor.algorithm().mode == Mode::Stateful {
            self.decrypt_while(|decryptor, packets| {
                packets
                    .first()
                    .is_none_or(|Incoming { packet, .. }| packet.len() < SHORT || !decryptor.is_running(packet))
            });
        }
        self.decryptor.algorithm().mode == Mode::Stateful && !self.packets.is_empty()
    }
}

/// A session with packets left to be handled.
trait Session {
    fn left(&self) -> usize;
    /// Whether it is a stateful one, and has packets that are worth a lane.
    fn runs(&self) -> bool;
    /// Handles one by one what lanes would not make faster, when there is no other session: short packets, and the last two
    /// unless lanes are filled already.
    fn handle_alone(&mut self, filled: usize);
}

impl Session for Sending<'_, '_> {
    fn left(&self) -> usize {
        self.packets.len()
    }

    fn runs(&self) -> bool {
        self.encryptor.mode() == Mode::Stateful && self.packets.iter().any(|packet| packet.packet.len() >= SHORT)
    }

    fn handle_alone(&mut self, filled: usize) {
        self.encrypt_while(|_, packets| match packets {
            [] | [_] | [_, _] if filled == 0 => true,
            [] => true,
            [first, ..] => first.packet.len() < SHORT,
        });
    }
}

impl<const LATE: usize> Session for Receiving<'_, '_, LATE> {
    fn left(&self) -> usize {
        self.packets.len()
    }

    fn runs(&self) -> bool {
        let stateful = self.decryptor.algorithm().mode == Mode::Stateful;
        stateful && self.packets.iter().any(|packet| packet.packet.len() >= SHORT)
    }

    fn handle_alone(&mut self, filled: usize) {
        self.decrypt_while(|_, packets| match packets {
            [] | [_] | [_, _] if filled == 0 => true,
            [] => true,
            [first, ..] => first.packet.len() < SHORT,
        });
    }
}

/// Whether there are stateful sessions for all lanes.
fn are_many<S: Session>(sessions: &[S]) -> bool {
    sessions.len() >= LANES && sessions.iter().filter(|session| session.runs()).nth(LANES.saturating_sub(1)).is_some()
}

/// Leaves out the sessions at both ends that have nothing left.
fn trim<S: Session>(sessions: &mut [S]) -> &mut [S] {
    let busy = |session: &S| session.left() != 0;
    let start = sessions.iter().position(busy).unwrap_or(sessions.len());
    let end = sessions.iter().rposition(busy).map_or(start, |last| last.saturating_add(1));
    sessions.get_mut(start..end).unwrap_or(&mut [])
}

impl Batch {
    /// Room for tables, and nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tables: [[0; 256]; LANES],
            interim: [[0; 256]; LANES],
            keys: [[[0; KEY_LEN]; 2]; LANES],
            heads: [[[0; HEAD_LEN]; 2]; LANES],
            positions: [Position::START; LANES],
        }
    }

    /// Encrypts all packets of all sessions. What became of each, it says itself ([`Outgoing::packet`]).
    pub fn encrypt(&mut self, sessions: &mut [Sending<'_, '_>]) {
        if are_many(sessions) {
            self.encrypt_running(sessions);
        }
        for session in sessions.iter_mut().filter(|session| session.encryptor.mode() == Mode::Stateful) {
            for packet in core::mem::take(&mut session.packets) {
                packet.encrypt(session.encryptor);
            }
        }
        let sessions = trim(sessions);
        if !sessions.is_empty() {
            self.encrypt_lanes(sessions);
        }
    }

    /// Stateless sessions.
    #[inline(never)]
    fn encrypt_lanes(&mut self, mut sessions: &mut [Sending<'_, '_>]) {
        while !sessions.is_empty() {
            let mut data: [&mut [u8]; LANES] = Default::default();
            let mut filled = 0;
            while filled < LANES {
                if let [session] = &mut *sessions {
                    session.handle_alone(filled);
                }
                // At most one packet of each session.
                let mut members = [None; LANES];
                let mut lanes = filled..LANES;
                for (member, session) in sessions.iter_mut().enumerate() {
                    if lanes.is_empty() {
                        break;
                    }
                    let Some((packet, flags)) = session.take() else { continue };
                    let Some((header, plaintext)) = packet.split_first_chunk_mut() else { continue };
                    *header = session.encryptor.next_header(true, flags);
                    let Some(lane) = lanes.next() else { continue };
                    if let (Some(keys), Some(data), Some(place)) =
                        (self.keys.get_mut(lane), data.get_mut(lane), members.get_mut(lane))
                    {
                        *keys = *session.encryptor.lane_keys();
                        *data = plaintext;
                        *place = Some(member);
                    }
                }
                let opened = filled..lanes.start;
                if opened.is_empty() {
                    break;
                }
                self.open(opened.clone());
                for ((lane, member), [head, stream]) in members.iter().enumerate().zip(&self.heads) {
                    let session = member.and_then(|member| sessions.get_mut(member));
                    if let (Some(session), Some(data)) = (session, data.get_mut(lane)) {
                        session.encryptor.lane_done(stream);
                        *data = apply_head(core::mem::take(data), head);
                    }
                }
                filled = opened.end;
                sessions = trim(sessions);
            }
            if filled == 0 {
                return;
            }
            cipher::apply_lanes::<true>(&mut self.tables, &mut self.positions, &mut data);
        }
    }

    /// Decrypts all packets of all sessions. What became of each, it says itself ([`Incoming::decrypted`]).
    pub fn decrypt<const LATE: usize>(&mut self, sessions: &mut [Receiving<'_, '_, LATE>]) {
        if are_many(sessions) {
            self.decrypt_running(sessions);
        }
        for session in sessions.iter_mut().filter(|session| session.decryptor.algorithm().mode == Mode::Stateful) {
            for packet in core::mem::take(&mut session.packets) {
                packet.decrypt(session.decryptor);
            }
        }
        let sessions = trim(sessions);
        if !sessions.is_empty() {
            self.decrypt_lanes(sessions);
        }
    }

    /// Stateless sessions.
    #[inline(never)]
    fn decrypt_lanes<const LATE: usize>(&mut self, mut sessions: &mut [Receiving<'_, '_, LATE>]) {
        while !sessions.is_empty() {
            let mut data: [&mut [u8]; LANES] = Default::default();
            let mut filled = 0;
            while filled < LANES {
                if let [session] = &mut *sessions {
                    session.handle_alone(filled);
                }
                // At most one packet of each session.
                let mut members = [const { None }; LANES];
                let mut lanes = filled..LANES;
                for (member, session) in sessions.iter_mut().enumerate() {
                    if lanes.is_empty() {
                        break;
                    }
                    let Some((packet, result)) = session.take_lane() else { continue };
                    let Some((header, ciphertext)) = packet.split_first_chunk_mut() else { continue };
                    let Some(lane) = lanes.next() else { continue };
                    if let (Some(keys), Some(data), Some(place)) =
                        (self.keys.get_mut(lane), data.get_mut(lane), members.get_mut(lane))
                    {
                        *keys = *session.decryptor.lane_keys();
                        *data = ciphertext;
                        *place = Some((member, Header::from_octets(*header), result));
                    }
                }
                let opened = filled..lanes.start;
                if opened.is_empty() {
                    break;
                }
                self.open(opened.clone());
                for ((lane, member), heads) in members.into_iter().enumerate().zip(&self.heads) {
                    let Some((member, header, result)) = member else { continue };
                    if let (Some(session), Some(data)) = (sessions.get_mut(member), data.get_mut(lane)) {
                        let [head, _] = heads;
                        let done = session.decryptor.lane_done(heads, data);
                        *result = Some(done.map(|()| header));
                        if done.is_ok() {
                            *data = apply_head(core::mem::take(data), head);
                        } else {
                            *data = &mut [];
                        }
                    }
                }
                filled = opened.end;
                sessions = trim(sessions);
            }
            if filled == 0 {
                return;
            }
            cipher::apply_lanes::<true>(&mut self.tables, &mut self.positions, &mut data);
        }
    }

    /// Stateful sessions, as long as there are as many as lanes.
    #[inline(never)]
    fn encrypt_running(&mut self, sessions: &mut [Sending<'_, '_>]) {
        let mut rest = sessions;
        while let Some((sessions, members)) = seek(rest, Sending::seek_running) {
            let mut data: [&mut [u8]; LANES] = Default::default();
            for (lane, index) in members.iter().enumerate() {
                let Some(session) = sessions.get_mut(*index) else { continue };
                let Some((packet, flags)) = session.take() else { continue };
                let Some((header, plaintext)) = packet.split_first_chunk_mut() else { continue };
                if let Some(stream) = session.encryptor.running() {
                    self.load(lane, stream);
                }
                *header = session.encryptor.next_header(false, flags);
                if let Some(data) = data.get_mut(lane) {
                    *data = plaintext;
                }
            }
            let mut order = members;
            cipher::apply_lanes_of::<false, _>(&mut self.tables, &mut self.positions, &mut data, &mut order);
            for (lane, index) in order.iter().enumerate() {
                if let Some(session) = sessions.get_mut(*index) {
                    self.store(lane, session.encryptor.stream());
                }
            }
            rest = sessions;
        }
    }

    /// Stateful sessions, as long as there are as many as lanes.
    #[inline(never)]
    fn decrypt_running<const LATE: usize>(&mut self, sessions: &mut [Receiving<'_, '_, LATE>]) {
        let mut rest = sessions;
        while let Some((sessions, members)) = seek(rest, Receiving::seek_running) {
            let mut data: [&mut [u8]; LANES] = Default::default();
            for (lane, index) in members.iter().enumerate() {
                let Some(session) = sessions.get_mut(*index) else { continue };
                let Some((packet, result)) = session.take() else { continue };
                match session.decryptor.run_into(packet) {
                    Err(error) => *result = Some(Err(error)),
                    Ok(head) => {
                        let Some((header, ciphertext)) = packet.split_first_chunk_mut() else { continue };
                        *result = Some(Ok(Header::from_octets(*header)));
                        if let Some(data) = data.get_mut(lane) {
                            *data = apply_head(ciphertext, &head);
                        }
                    }
                }
                self.load(lane, session.decryptor.running());
            }
            let mut order = members;
            cipher::apply_lanes_of::<false, _>(&mut self.tables, &mut self.positions, &mut data, &mut order);
            for (lane, index) in order.iter().enumerate() {
                if let Some(session) = sessions.get_mut(*index) {
                    self.store(lane, session.decryptor.running());
                }
            }
            rest = sessions;
        }
    }

    fn load(&mut self, lane: usize, stream: &cipher::Cipher) {
        if let (Some(table), Some(position)) = (self.tables.get_mut(lane), self.positions.get_mut(lane)) {
            *table = stream.table;
            *position = stream.position;
        }
    }

    fn store(&self, lane: usize, stream: &mut cipher::Cipher) {
        if let (Some(table), Some(position)) = (self.tables.get(lane), self.positions.get(lane)) {
            stream.table = *table;
            stream.position = *position;
        }
    }

    /// Makes the tables of some lanes, and the heads of their streams.
    fn open(&mut self, lanes: Range<usize>) {
        match lanes.len() {
            1 => self.open_lanes::<1>(lanes.start),
            2 => self.open_lanes::<2>(lanes.start),
            3 => self.open_lanes::<3>(lanes.start),
            _ => self.open_lanes::<4>(lanes.start),
        }
    }

    fn open_lanes<const COUNT: usize>(&mut self, from: usize) {
        let tables = self.tables.get_mut(from..).and_then(<[_]>::first_chunk_mut::<COUNT>);
        let interim = self.interim.get_mut(from..).and_then(<[_]>::first_chunk_mut);
        let keys = self.keys.get(from..).and_then(<[_]>::first_chunk);
        let heads = self.heads.get_mut(from..).and_then(<[_]>::first_chunk_mut);
        let positions = self.positions.get_mut(from..).and_then(<[_]>::first_chunk_mut);
        if let (Some(tables), Some(interim), Some(keys), Some(heads), Some(positions)) =
            (tables, interim, keys, heads, positions)
        {
            (*positions, *heads) = cipher::open(tables, interim, keys);
        }
    }
}

/// Finds as many sessions as lanes whose next packet is for one, and leaves out those in front that have none.
fn seek<S>(sessions: &mut [S], mut is_ready: impl FnMut(&mut S) -> bool) -> Option<(&mut [S], [usize; LANES])> {
    let unready = sessions.iter_mut().position(&mut is_ready)?;
    let (_, sessions) = sessions.split_at_mut_checked(unready)?;
    let mut ready = sessions.iter_mut().enumerate().filter_map(|(index, session)| is_ready(session).then_some(index));
    let mut members = [0; LANES];
    for member in &mut members {
        *member = ready.next()?;
    }
    Some((sessions, members))
}

/// Exclusive-ors the head of the stream into the start of the data, and gives what is behind.
fn apply_head<'d>(data: &'d mut [u8], head: &[u8; HEAD_LEN]) -> &'d mut [u8] {
    let length = data.len().min(HEAD_LEN);
    let Some((first, rest)) = data.split_at_mut_checked(length) else {
        return &mut [];
    };
    for (octet, stream) in first.iter_mut().zip(head) {
        *octet ^= stream;
    }
    rest
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.tables.iter_mut().chain(&mut self.interim).for_each(wipe);
        self.keys.as_flattened_mut().iter_mut().for_each(wipe);
        self.heads.as_flattened_mut().iter_mut().for_each(wipe);
    }
}

impl core::fmt::Debug for Batch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Batch")
    }
}

impl core::fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Outgoing").field("state", &self.state).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Incoming").field("result", &self.result).finish_non_exhaustive()
    }
}
