//! The types of values, in their form on the wire.

use super::composite::{
    CallErrors, ChallengeResponse, CircuitErrors, Digest, ExtendedVendor, LinkAccm, PppDisconnectCause, Pseudowires,
    Q931CauseCode, SequencingRequired, TieBreaker,
};
use super::cursor::Avp;
use crate::code::{
    Accm, AttributeType, Bearer, CircuitStatus, DataSequencing, DigestType, DisconnectCode, DisconnectDirection,
    Framing, MessageType, ProtocolVersion, ProxyAuthenticationType, PseudowireType, Q931Cause, SublayerType,
};
use crate::cookie::Cookie;
use crate::{DecodeError, Text};

/// Reads a value of exactly `N` bytes.
#[inline]
fn exactly<const N: usize>(avp: &Avp<'_>) -> Result<[u8; N], DecodeError> {
    avp.value.try_into().map_err(|_| wrong_length(avp, N))
}

/// Reads a value of at least `N` bytes.
#[inline]
pub(super) fn at_least<'a, const N: usize>(avp: &Avp<'a>) -> Result<(&'a [u8; N], &'a [u8]), DecodeError> {
    avp.value.split_first_chunk().ok_or_else(|| wrong_length(avp, N))
}

#[cold]
pub(super) const fn wrong_length(avp: &Avp<'_>, expected: usize) -> DecodeError {
    DecodeError::ValueLength {
        attribute_type: avp.attribute_type,
        offset: avp.offset,
        expected,
        found: avp.value.len(),
    }
}

/// A value in its form on the wire, as the writer needs it: up to 26 bytes, then more that are borrowed.
pub(crate) struct Parts<'a> {
    head: [u8; 26],
    head_len: usize,
    /// The bytes behind the head.
    pub(crate) tail: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Returns the fixed part.
    pub(crate) fn head(&self) -> &[u8] {
        // No head is longer than the array.
        self.head.get(..self.head_len).unwrap_or(&self.head)
    }

    pub(super) fn new<const N: usize>(head: [u8; N], tail: &'a [u8]) -> Self {
        const { assert!(N <= 26) };
        let mut parts = Self { head: [0; 26], head_len: N, tail };
        for (to, from) in parts.head.iter_mut().zip(head) {
            *to = from;
        }
        parts
    }

    /// Puts a head together from pieces, which fit.
    pub(super) fn joined(pieces: &[&[u8]], tail: &'a [u8]) -> Self {
        let mut parts = Self { head: [0; 26], head_len: 0, tail };
        for (to, from) in parts.head.iter_mut().zip(pieces.iter().copied().flatten()) {
            *to = *from;
            parts.head_len = parts.head_len.wrapping_add(1);
        }
        parts
    }
}

/// Two reserved bytes and four counters.
pub(super) const CIRCUIT_ERRORS_LEN: usize = 18;

/// A type that a value can have, and its form on the wire.
pub(super) trait Wire<'a>: Sized {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError>;

    fn parts(self) -> Parts<'a>;
}

impl<'a> Wire<'a> for &'a [u8] {
    #[inline]
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        Ok(avp.value)
    }

    fn parts(self) -> Parts<'a> {
        Parts::new([], self)
    }
}

impl<'a> Wire<'a> for Text<'a> {
    #[inline]
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        Ok(Text::new(avp.value))
    }

    fn parts(self) -> Parts<'a> {
        Parts::new([], self.as_bytes())
    }
}

/// Types that are made of an array of bytes.
macro_rules! fixed {
    ($($type:ty, $from:expr, $to:expr;)+) => {$(
        impl<'a> Wire<'a> for $type {
            #[inline]
            fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
                exactly(avp).map($from)
            }

            fn parts(self) -> Parts<'a> {
                Parts::new($to(self), &[])
            }
        }
    )+};
}

/// Types that are made of an integer.
macro_rules! numbers {
    ($($type:ty, $integer:ty;)+) => {
        fixed! {$(
            $type,
            |bytes| <$type>::from(<$integer>::from_be_bytes(bytes)),
            |value| <$integer>::from(value).to_be_bytes();
        )+}
    };
}

numbers! {
    u16, u16;
    u32, u32;
    u64, u64;
    MessageType, u16;
    ProtocolVersion, u16;
    Framing, u32;
    Bearer, u32;
    ProxyAuthenticationType, u16;
    PseudowireType, u16;
    SublayerType, u16;
    DataSequencing, u16;
    CircuitStatus, u16;
}

fixed! {
    TieBreaker, Self::from_bytes, Self::to_bytes;
    ChallengeResponse, Self::from_bytes, |value: Self| *value.as_bytes();
    SequencingRequired, |[]: [u8; 0]| Self, |Self| [];
    LinkAccm,
    |[_, _, s, e, n, d, r, c, v, x]: [u8; 10]| Self {
        send: Accm::new(u32::from_be_bytes([s, e, n, d])),
        receive: Accm::new(u32::from_be_bytes([r, c, v, x])),
    },
    |value: Self| {
        let maps = u64::from(value.send.get()) << 32 | u64::from(value.receive.get());
        let [first, second, third, fourth, rest @ ..] = maps.to_be_bytes();
        let [fifth, sixth, seventh, last] = rest;
        [0, 0, first, second, third, fourth, fifth, sixth, seventh, last]
    };
}

/// Reads the counters behind two reserved bytes.
fn counters<const N: usize>(avp: &Avp<'_>, expected: usize) -> Result<[u32; N], DecodeError> {
    // Each form of the AVP has a length of its own, which is the only difference.
    if avp.value.len() != expected {
        return Err(wrong_length(avp, expected));
    }
    let mut counters = [0; N];
    let words = avp.value.get(2..).unwrap_or_default().chunks_exact(4);
    for (counter, word) in counters.iter_mut().zip(words) {
        *counter = word.try_into().map_or(0, u32::from_be_bytes);
    }
    Ok(counters)
}

/// Puts counters behind two reserved bytes.
fn counter_parts<'a, const N: usize>(counters: [u32; N]) -> Parts<'a> {
    let counters = counters.map(u32::to_be_bytes);
    Parts::joined(&[&[0, 0], counters.as_flattened()], &[])
}

impl<'a> Wire<'a> for CallErrors {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let [crc_errors, framing_errors, hardware_overruns, buffer_overruns, timeout_errors, alignment_errors] =
            counters(avp, 26)?;
        Ok(Self { crc_errors, framing_errors, hardware_overruns, buffer_overruns, timeout_errors, alignment_errors })
    }

    fn parts(self) -> Parts<'a> {
        counter_parts([
            self.crc_errors,
            self.framing_errors,
            self.hardware_overruns,
            self.buffer_overruns,
            self.timeout_errors,
            self.alignment_errors,
        ])
    }
}

impl<'a> Wire<'a> for CircuitErrors {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let [hardware_overruns, buffer_overruns, timeout_errors, alignment_errors] = counters(avp, CIRCUIT_ERRORS_LEN)?;
        Ok(Self { hardware_overruns, buffer_overruns, timeout_errors, alignment_errors })
    }

    fn parts(self) -> Parts<'a> {
        counter_parts([self.hardware_overruns, self.buffer_overruns, self.timeout_errors, self.alignment_errors])
    }
}

impl<'a> Wire<'a> for Q931CauseCode<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[high, low, message], advisory) = at_least(avp)?;
        let cause = Q931Cause::new(u16::from_be_bytes([high, low]));
        Ok(Self { cause, message, advisory: Text::new(advisory) })
    }

    fn parts(self) -> Parts<'a> {
        let [high, low] = self.cause.get().to_be_bytes();
        Parts::new([high, low, self.message], self.advisory.as_bytes())
    }
}

impl<'a> Wire<'a> for PppDisconnectCause<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[code, code_low, protocol, protocol_low, direction], message) = at_least(avp)?;
        Ok(Self {
            code: DisconnectCode::new(u16::from_be_bytes([code, code_low])),
            control_protocol: u16::from_be_bytes([protocol, protocol_low]),
            direction: DisconnectDirection::new(direction),
            message: Text::new(message),
        })
    }

    fn parts(self) -> Parts<'a> {
        let ([a, b], [c, d]) = (self.code.get().to_be_bytes(), self.control_protocol.to_be_bytes());
        Parts::new([a, b, c, d, self.direction.get()], self.message.as_bytes())
    }
}

impl<'a> Wire<'a> for ExtendedVendor<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[a, b, c, d, high, low], value) = at_least(avp)?;
        let attribute_type = AttributeType::new(u16::from_be_bytes([high, low]));
        Ok(Self { vendor_id: u32::from_be_bytes([a, b, c, d]), attribute_type, value })
    }

    fn parts(self) -> Parts<'a> {
        let ([a, b, c, d], [high, low]) = (self.vendor_id.to_be_bytes(), self.attribute_type.get().to_be_bytes());
        Parts::new([a, b, c, d, high, low], self.value)
    }
}

impl<'a> Wire<'a> for Pseudowires<'a> {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        // An odd byte is half a number.
        Pseudowires::new(avp.value).ok_or_else(|| wrong_length(avp, avp.value.len().wrapping_add(1)))
    }

    fn parts(self) -> Parts<'a> {
        Parts::new([], self.as_bytes())
    }
}

impl<'a> Wire<'a> for Cookie {
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        Cookie::new(avp.value).ok_or_else(|| wrong_length(avp, 4))
    }

    fn parts(self) -> Parts<'a> {
        Parts::joined(&[self.as_bytes()], &[])
    }
}

impl<'a> Wire<'a> for Digest {
    /// Reads a digest, whose length decides its type, since the RFC contradicts itself about the
    /// numbers.
    fn read(avp: &Avp<'a>) -> Result<Self, DecodeError> {
        let (&[digest_type], digest) = at_least(avp)?;
        // RFC 3931 section 5.4.1 has 0 and 1 in its table, and "1" and "2" in the sentence on the
        // length.
        if digest_type > 2 {
            let (attribute_type, offset) = (avp.attribute_type, avp.offset);
            return Err(DecodeError::Value { attribute_type, offset, found: digest_type.into() });
        }
        let md5 = digest.try_into().map(Self::HmacMd5);
        md5.or_else(|_| digest.try_into().map(Self::HmacSha1)).map_err(|_| wrong_length(avp, 17))
    }

    fn parts(self) -> Parts<'a> {
        let digest_type = match self {
            Self::HmacMd5(_) => DigestType::HMAC_MD5,
            Self::HmacSha1(_) => DigestType::HMAC_SHA1,
        };
        Parts::joined(&[&[digest_type.get()], self.as_bytes()], &[])
    }
}
