//! The questions to a user of the machines, and the answers.

use core::fmt;

use crate::{Text, chap, eap, pap};

/// A name's secret, for the time of one call.
///
/// Its bytes are not kept, but what is computed from them; PAP's own packet is the exception, until
/// it is answered.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Secret<'a> {
    /// The password. MS-CHAP takes UTF-8 for text, and widens other bytes one by one.
    Password(&'a [u8]),
    /// The NT hash of the password, for MS-CHAP alone.
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    NtHash(&'a mschap::NtHash),
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret<'_> {
    /// Returns the password, if it is one.
    #[cfg_attr(not(feature = "mschap"), expect(clippy::unnecessary_wraps, reason = "MS-CHAP has another secret"))]
    pub(super) const fn password(&self) -> Option<&[u8]> {
        match self {
            Self::Password(bytes) => Some(bytes),
            #[cfg(feature = "mschap")]
            Self::NtHash(_) => None,
        }
    }
}

#[cfg(feature = "mschap")]
impl Secret<'_> {
    /// Returns the hash that short keys of MS-CHAP version 1 are made from.
    pub(super) fn lm_hash(&self) -> Option<mschap::LmHash> {
        self.password().and_then(|bytes| mschap::LmHash::from_oem(bytes).ok())
    }

    /// Returns the hash that MS-CHAP computes with.
    pub(super) fn nt_hash(&self) -> mschap::NtHash {
        match self {
            Self::Password(bytes) => mschap::NtHash::from_password(password(bytes)),
            Self::NtHash(hash) => (*hash).clone(),
        }
    }
}

#[cfg(feature = "mschap")]
pub(super) fn password(bytes: &[u8]) -> mschap::Password<'_> {
    match core::str::from_utf8(bytes) {
        Ok(text) => mschap::Password::Text(text),
        Err(_) => mschap::Password::WidenedBytes(bytes),
    }
}

/// The proof that a peer presents. The bytes are borrowed from the machine.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Presented<'a> {
    /// RFC 1334: a password.
    Pap {
        /// The name that it claims.
        name: Text<'a>,
        /// Its password.
        password: pap::Password<'a>,
    },
    /// RFC 1994, and EAP's MD5-Challenge: MD5 over identifier, password and challenge.
    Md5 {
        /// The name that it claims.
        name: Text<'a>,
        /// The first byte that is hashed.
        identifier: u8,
        /// The last bytes that are hashed.
        challenge: &'a [u8],
        /// The hash.
        response: &'a [u8],
    },
    /// RFC 2433, RFC 2759: a Response of 49 bytes.
    MsChap {
        /// 1 or 2.
        version: u8,
        /// The name that it claims.
        name: Text<'a>,
        /// The identifier of the packet, which a RADIUS server needs with the response.
        identifier: u8,
        /// 8 or 16 bytes.
        challenge: &'a [u8],
        /// The response.
        response: &'a [u8],
    },
    /// RFC 2433 sections 9 and 10, RFC 2759 section 7: a new password. Its hash comes out of the answer.
    ChangePassword {
        /// Which of the three packets it is: [`chap::Code::CHANGE_PASSWORD_3`] of version 2.
        code: chap::Code,
        /// The name in the Response before it.
        name: Text<'a>,
        /// The identifier of the packet, which a RADIUS server needs with it.
        identifier: u8,
        /// 8 or 16 bytes: what the Failure before it said.
        challenge: &'a [u8],
        /// The bytes behind the header.
        packet: &'a [u8],
    },
    /// RFC 3748: a response, for another end of EAP.
    Eap {
        /// The packet.
        packet: &'a [u8],
        /// The code of the packet.
        method_type: eap::Type,
    },
}

impl<'a> Presented<'a> {
    /// Returns the name that the peer claims. `None` of an EAP packet that does not say.
    #[must_use]
    pub fn name(&self) -> Option<Text<'a>> {
        match *self {
            Self::Pap { name, .. }
            | Self::Md5 { name, .. }
            | Self::MsChap { name, .. }
            | Self::ChangePassword { name, .. } => Some(name),
            // Behind code, identifier, length and type.
            Self::Eap { packet, method_type: eap::Type::IDENTITY } => packet.get(5..).map(Text),
            Self::Eap { .. } => None,
        }
    }
}

/// The answer of the user of an [`Authenticator`](super::Authenticator) to a proof.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The password that was stored for the name: the machine compares. Any method.
    Password(&'a [u8]),
    /// The record of the name for MS-CHAP: hashes, and what the account may not do.
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    Account(&'a mschap::Account<'a>),
    /// Another server found the proof good, or took the new password, and sends the peer this
    /// message. For MS-CHAP version 2, a RADIUS server's `S=…`; for EAP its Success packet.
    Accept(&'a [u8]),
    /// The peer is refused, with this message. For MS-CHAP `E=691 R=0`; for EAP a Failure packet.
    ///
    /// MS-CHAP's `E=648`, the password has expired, lets the peer change it, once. Its next packet
    /// is [`Presented::ChangePassword`], an answer to the challenge in this text (`C=`), which
    /// version 2 has to have.
    Reject(&'a [u8]),
    /// RFC 3748: the next request of another end of EAP.
    EapRequest(&'a [u8]),
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(..)",
            #[cfg(feature = "mschap")]
            Self::Account(_) => "Account(..)",
            Self::Accept(_) => "Accept(..)",
            Self::Reject(_) => "Reject(..)",
            Self::EapRequest(_) => "EapRequest(..)",
        })
    }
}

/// The outcome of an [`Answer`].
#[derive(Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "mschap", expect(clippy::large_enum_variant, reason = "rare, short-lived, and there is no heap"))]
pub enum Outcome {
    /// The peer has proved itself.
    Accepted,
    /// It has not.
    Refused {
        /// Whether it may try again, or may change its password.
        goes_on: bool,
    },
    /// The peer has proved itself, and has a new password: its hash is to be stored. When that is not possible,
    /// [`reject_change`](super::Authenticator::reject_change) has to be the next call.
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    PasswordChanged(mschap::NewPassword),
    /// The next EAP request goes out.
    Continued,
}

/// Why an answer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// There is no question, or it was answered.
    #[error("nothing was asked")]
    NotAsked,
    /// This kind of answer is not one to what was asked.
    #[error("this does not answer what was asked")]
    Unsuitable,
    /// The packet would be too long.
    #[error("name, password or message is too long")]
    TooLong,
    /// RFC 2759 section 5: MS-CHAP version 2 is accepted with `S=` and 40 digits, which MS-CHAP2-Success of a RADIUS
    /// server has.
    #[error("the message lacks the proof that the client waits for (S=)")]
    NoProof,
    /// The peer's packet cannot be read, so no answer to it makes sense; it was dropped.
    #[error("what the peer sent cannot be read")]
    Malformed,
}

/// RFC 3079: what keys for encryption are made from.
#[cfg(feature = "mschap")]
#[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Keys {
    /// RFC 3079 section 2.
    MsChapV1 {
        /// The hash of the NT hash.
        hash: mschap::NtHashHash,
        /// The challenge that was answered.
        challenge: [u8; 8],
        /// The source of keys of 40 and 56 bits. `None` where the password is not known, is too
        /// long, or was changed a moment ago: then there are keys of 128 bits alone.
        lm_hash: Option<mschap::LmHash>,
    },
    /// RFC 3079 section 3.
    MsChapV2 {
        /// The hash of the NT hash.
        hash: mschap::NtHashHash,
        /// The proof of the one who was asked.
        nt_response: mschap::ChallengeResponse,
    },
}
