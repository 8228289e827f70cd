//! Many packets at once: their key schedules and streams are stepped side by side, which fills the processor.

mod packet;
mod session;

use core::ops::Range;

use crate::algorithm::{KEY_LEN, Mode};
use crate::cipher::{self, HEAD_LEN, LANES, Position, Table};
use crate::header::Header;
use crate::secret::wipe;
pub use packet::{Incoming, Outgoing};
pub use session::{Receiving, Sending};
use session::{Session, are_many, seek, trim};

/// Encrypts and decrypts many packets at once: some of one session, or one or some of each of many sessions.
///
/// The packets are as if handled one by one, in order within each session. Four packets at a time are worked on; from
/// different sessions that takes least time. It holds no state but room for
/// their tables (less than 2.5 KiB), so one does for all.
///
/// ```
/// use mppe::{
///     Batch, Config, Decryptor, Encryptor, Incoming, Mode, Outgoing, Receiving, Sending,
///     StartKey, Strength,
/// };
///
/// let config = Config::new(Mode::Stateless);
/// let starts = [[1; 16], [2; 16]].map(|bytes| StartKey::from_bytes(Strength::Bits128, bytes));
/// let mut encryptors = starts.each_ref().map(|start| Encryptor::new(start, &config));
/// let mut decryptors = starts.each_ref().map(|start| Decryptor::new(start, &config));
/// let mut batch = Batch::new();
///
/// // Two packets of each of two sessions: room for the header, protocol, start of an IP packet.
/// let mut buffers = [[[0, 0, 0x00, 0x21, 0x45, 0, 0, 0]; 2]; 2];
/// let mut packets =
///     buffers.each_mut().map(|session| session.each_mut().map(|buf| Outgoing::new(buf, 2..8)));
/// let mut sessions = Vec::new();
/// for (encryptor, packets) in encryptors.iter_mut().zip(&mut packets) {
///     sessions.push(Sending::new(encryptor, packets));
/// }
/// batch.encrypt(&mut sessions);
/// assert!(
///     packets.iter().flatten().all(|packet| packet.packet().is_some_and(|packet| packet.is_ok()))
/// );
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

impl Batch {
    /// Creates empty room for tables.
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

    /// Encrypts all packets of all sessions. Each packet has its own outcome
    /// ([`Outgoing::packet`]).
    pub fn encrypt(&mut self, sessions: &mut [Sending<'_, '_>]) {
        // Stateful streams cannot be interleaved within a session, so they only pay when enough
        // sessions have packets.
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
                    // In stateless mode FLUSHED is on every packet (RFC 3078 section 3.1).
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
                // All that is left was handled alone, or refused.
                return;
            }
            cipher::apply_lanes::<true>(&mut self.tables, &mut self.positions, &mut data);
        }
    }

    /// Decrypts all packets of all sessions. Each packet has its own outcome
    /// ([`Incoming::decrypted`]).
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
                        // The tables are made before the packet is judged; the count and the key
                        // move only afterwards.
                        *keys = *session.decryptor.lane_keys();
                        *data = ciphertext;
                        *place = Some((member, Header::from_bytes(*header), result));
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
                            // A refused packet keeps its ciphertext, as the one-by-one form leaves
                            // it.
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

    /// Encrypts packets of stateful sessions, as long as there are as many as lanes.
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

    /// Decrypts packets of stateful sessions, as long as there are as many as lanes.
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
                        *result = Some(Ok(Header::from_bytes(*header)));
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

/// Exclusive-ors the head of the stream into the start of the data, and returns the rest.
fn apply_head<'d>(data: &'d mut [u8], head: &[u8; HEAD_LEN]) -> &'d mut [u8] {
    let length = data.len().min(HEAD_LEN);
    let Some((first, rest)) = data.split_at_mut_checked(length) else {
        return &mut [];
    };
    for (byte, stream) in first.iter_mut().zip(head) {
        *byte ^= stream;
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
