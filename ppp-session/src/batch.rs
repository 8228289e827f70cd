//! Many packets at once.

use alloc::boxed::Box;
use alloc::vec::Vec;

use mppe::{Decryptor, Encryptor, Incoming, Outgoing, Receiving, Sending};

use crate::ReceiveError;
use crate::cipher::Opened;
use crate::memory::Own;

/// Room in which many packets are encrypted or decrypted side by side, which is faster than one by
/// one.
///
/// It holds nothing between two calls, so one serves all sessions of a thread. 2.5 KiB on the heap,
/// and a packet's length when something is decompressed.
///
/// ```
/// use core::time::Duration;
/// use ppp_session::{Batch, Client, Config, Session};
///
/// let mut session =
///     Session::client(&Config::strict(), &Client::new("alice", "wonderland"), [1; 32]);
/// let mut batch = Batch::new();
/// // Some frames from a carrier.
/// let (mut first, mut second) = ([0x21; 60], [0x21; 60]);
/// let mut refused = 0;
/// session.handle_frames(
///     Duration::ZERO,
///     &mut batch,
///     &mut [&mut first, &mut second],
///     &mut |_, received| {
///         refused += usize::from(received.is_err());
///     },
/// );
/// assert_eq!(refused, 2);
/// ```
#[derive(Default)]
pub struct Batch {
    pub(crate) cipher: Box<mppe::Batch>,
    /// Where packets are decompressed to. It grows once.
    pub(crate) scratch: Vec<u8>,
}

impl Batch {
    /// Makes room, with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decrypts four packets of four sessions side by side.
    pub fn open(&mut self, openings: [&mut Opening<'_>; 4]) {
        let mut parts = openings.map(|opening| {
            let sealed = opening.frame.get_mut(opening.sealed..).unwrap_or_default();
            (opening.decryptor.get_mut(), [Incoming::new(sealed)], &mut opening.opened)
        });
        let mut jobs = parts.each_mut().map(|(decryptor, incoming, _)| Receiving::new(decryptor, incoming));
        self.cipher.decrypt(&mut jobs);
        for (_, [incoming], opened) in &mut parts {
            if let Some(decrypted) = incoming.decrypted() {
                **opened = decrypted.map(Opened::from).map_err(ReceiveError::from);
            }
        }
    }

    /// Encrypts four packets of four sessions side by side.
    pub fn seal(&mut self, sealings: [&mut Sealing<'_>; 4]) {
        let mut parts = sealings.map(|sealing| {
            let end = sealing.buf.len();
            (sealing.encryptor.get_mut(), [Outgoing::new(sealing.buf, sealing.inner..end)])
        });
        let mut jobs = parts.each_mut().map(|(encryptor, outgoing)| Sending::new(encryptor, outgoing));
        self.cipher.encrypt(&mut jobs);
    }
}

impl core::fmt::Debug for Batch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

/// A frame whose decryptor was lent by its session, to be decrypted together with frames of other
/// sessions.
///
/// [`Session::lend_decryptor`](crate::Session::lend_decryptor) makes it, [`Batch::open`] or [`open`](Self::open) decrypts,
/// [`Session::take_back`](crate::Session::take_back) ends it: until then its session decrypts nothing.
#[derive(Debug)]
pub struct Opening<'p> {
    pub(crate) decryptor: Own<Decryptor>,
    pub(crate) frame: &'p mut [u8],
    /// Where that which is to be decrypted begins.
    pub(crate) sealed: usize,
    pub(crate) opened: Result<Opened, ReceiveError>,
}

impl Opening<'_> {
    /// Decrypts this one.
    pub fn open(&mut self) {
        let sealed = self.frame.get_mut(self.sealed..).unwrap_or_default();
        self.opened = self.decryptor.decrypt(sealed).map(Opened::from).map_err(ReceiveError::from);
    }
}

/// A packet whose encryptor was lent by its session, to be encrypted together with packets of other
/// sessions.
///
/// [`Session::lend_encryptor`](crate::Session::lend_encryptor) makes it, [`Batch::seal`] or [`seal`](Self::seal) encrypts,
/// [`Session::take_back_sealed`](crate::Session::take_back_sealed) ends it: until then its session encrypts nothing.
#[derive(Debug)]
pub struct Sealing<'p> {
    pub(crate) encryptor: Own<Encryptor>,
    pub(crate) buf: &'p mut [u8],
    /// Where the inner protocol lies, from which on is encrypted.
    pub(crate) inner: usize,
}

impl Sealing<'_> {
    /// Returns the whole buffer, in which a carrier lays its header in front of the frame.
    pub const fn buf_mut(&mut self) -> &mut [u8] {
        self.buf
    }

    /// Encrypts this one.
    pub fn seal(&mut self) {
        let end = self.buf.len();
        let sealed = self.encryptor.encrypt_in_place(self.buf, self.inner..end);
        debug_assert!(sealed.is_ok(), "every check was made when the frame was begun");
    }
}
