//! The packets of a batch.

use core::ops::Range;

use crate::decryptor::{Decrypted, Decryptor};
use crate::encryptor::{Encryptor, checked};
use crate::error::{DecryptError, EncryptError};
use crate::header::{Flags, Header};

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
    pub(super) packet: &'p mut [u8],
    flags: Flags,
    state: State,
}

/// The state of an outgoing packet.
#[derive(Clone, Copy, Debug)]
enum State {
    Waiting,
    Encrypted,
    Refused(EncryptError),
}

impl<'p> Outgoing<'p> {
    /// Creates a packet with the arguments of [`Encryptor::encrypt_in_place`].
    #[must_use]
    pub fn new(buf: &'p mut [u8], plaintext: Range<usize>) -> Self {
        Self::compressed(buf, plaintext, Flags::empty())
    }

    /// Creates a packet with the arguments of [`Encryptor::encrypt_compressed_in_place`].
    #[must_use]
    pub fn compressed(buf: &'p mut [u8], plaintext: Range<usize>, flags: Flags) -> Self {
        match checked(buf, plaintext, flags) {
            Ok(packet) => Self { packet, flags: flags.intersection(Flags::COMPRESSION), state: State::Waiting },
            Err(error) => Self { packet: &mut [], flags: Flags::empty(), state: State::Refused(error) },
        }
    }

    /// Returns the encrypted packet; `None` before a batch was through.
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

    /// Returns the packet, if it waits; from now on it does not.
    pub(super) fn take(&mut self) -> Option<(&mut [u8], Flags)> {
        let waits = matches!(self.state, State::Waiting);
        waits.then(|| {
            self.state = State::Encrypted;
            (&mut *self.packet, self.flags)
        })
    }

    pub(super) fn encrypt(&mut self, encryptor: &mut Encryptor) {
        if let Some((packet, flags)) = self.take() {
            encryptor.encrypt_packet(packet, flags);
        }
    }
}

/// The verdict on a packet, once it was judged.
pub(super) type Verdict = Option<Result<Header, DecryptError>>;

/// A packet to be decrypted, and afterwards the decrypted one.
///
/// ```
/// use mppe::{
///     Batch, Config, DecryptError, Decryptor, Incoming, Mode, Receiving, StartKey, Strength,
/// };
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let mut decryptor = Decryptor::new(&start, &Config::new(Mode::Stateless));
/// let mut buf = [0x80, 0x00, 0x21];
/// let mut packets = [Incoming::new(&mut buf)];
/// Batch::new().decrypt(&mut [Receiving::new(&mut decryptor, &mut packets)]);
/// assert_eq!(packets[0].decrypted(), Some(Err(DecryptError::NotEncrypted)));
/// ```
pub struct Incoming<'p> {
    pub(super) packet: &'p mut [u8],
    pub(super) result: Verdict,
}

impl<'p> Incoming<'p> {
    /// Creates a packet with the argument of [`Decryptor::decrypt`].
    #[must_use]
    pub const fn new(packet: &'p mut [u8]) -> Self {
        Self { packet, result: None }
    }

    /// Returns the decrypted packet; `None` before a batch was through.
    ///
    /// # Errors
    ///
    /// Why it was not decrypted.
    #[must_use]
    pub fn decrypted(&self) -> Option<Result<Decrypted<'_>, DecryptError>> {
        let plaintext = || self.packet.get(Header::LEN..).unwrap_or(&[]);
        self.result.map(|result| result.map(|header| Decrypted { header, plaintext: plaintext() }))
    }

    pub(super) fn decrypt<const LATE: usize>(&mut self, decryptor: &mut Decryptor<LATE>) {
        self.result = Some(decryptor.decrypt(self.packet).map(|decrypted| decrypted.header));
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
