//! Values of several parts.

use core::fmt;

use crate::Text;
use crate::code::{
    Accm, AttributeType, DigestType, DisconnectCode, DisconnectDirection, ErrorCode, PseudowireType, Q931Cause,
};

/// RFC 2661 section 4.4.2: error code and text behind a result code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFCs have no other fields")]
pub struct Detail<'a> {
    /// The error, when the result is "general error".
    pub error: ErrorCode,
    /// The peer's own words; empty if it has none.
    pub message: Text<'a>,
}

/// RFC 2661 section 4.4.2: why a control connection or session ends, `R` being the numbers of one of the two.
///
/// ```
/// use l2tp_wire::avp::{Detail, ResultCode};
/// use l2tp_wire::code::{ControlConnectionResult, ErrorCode};
///
/// let reason = ResultCode::new(ControlConnectionResult::CLEAR)
///     .with_detail(Detail { error: ErrorCode::NONE, message: "Goodbye!".into() });
/// assert_eq!(reason.to_string(), "cleared (1), no general error (0): Goodbye!");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFCs have no other fields")]
pub struct ResultCode<'a, R> {
    /// The result.
    pub result: R,
    /// Error code and text. RouterOS sends neither, which is legal and which others refuse.
    pub detail: Option<Detail<'a>>,
}

impl<'a, R> ResultCode<'a, R> {
    /// Returns a result without error code.
    #[must_use]
    pub const fn new(result: R) -> Self {
        Self { result, detail: None }
    }

    /// Adds an error code and a text.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail<'a>) -> Self {
        self.detail = Some(detail);
        self
    }
}

impl<R: fmt::Display> fmt::Display for ResultCode<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.result.fmt(f)?;
        let Some(detail) = self.detail else { return Ok(()) };
        write!(f, ", {}", detail.error)?;
        if detail.message.is_empty() { Ok(()) } else { write!(f, ": {}", detail.message) }
    }
}

/// RFC 2661 section 4.4.3: eight random bytes, of which the lower ones win when two requests cross.
///
/// ```
/// use l2tp_wire::avp::TieBreaker;
///
/// assert!(TieBreaker::from_bytes([0; 8]) < TieBreaker::from_bytes([0, 0, 0, 0, 0, 0, 0, 1]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct TieBreaker(u64);

impl TieBreaker {
    /// Takes the bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    /// Returns the bytes on the wire.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// RFC 2661 section 4.4.4: data packets must always have sequence numbers. The AVP has no value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the AVP has no value")]
pub struct SequencingRequired;

/// RFC 2661 section 4.4.4: the Q.931 cause of the end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Q931CauseCode<'a> {
    /// The cause.
    pub cause: Q931Cause,
    /// The Q.931 message that had it; 0x45 is DISCONNECT.
    pub message: u8,
    /// A text; often empty.
    pub advisory: Text<'a>,
}

/// RFC 3145 section 2: why PPP ended. For information: it must not change the state of tunnel or session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct PppDisconnectCause<'a> {
    /// The cause.
    pub code: DisconnectCode,
    /// The PPP protocol number of the control protocol that failed; 0 if none did.
    pub control_protocol: u16,
    /// To which end the cause applies.
    pub direction: DisconnectDirection,
    /// A text to show or log; often empty.
    pub message: Text<'a>,
}

/// RFC 2661 section 4.4.6: counters of a line since the call was established.
///
/// Two reserved bytes precede them on the wire: 0 when sent, ignored when received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct CallErrors {
    /// PPP frames with a wrong check sequence.
    pub crc_errors: u32,
    /// PPP frames with wrong framing.
    pub framing_errors: u32,
    /// Overruns of receive buffers in hardware.
    pub hardware_overruns: u32,
    /// Overruns of buffers.
    pub buffer_overruns: u32,
    /// Time-outs.
    pub timeout_errors: u32,
    /// Alignment errors.
    pub alignment_errors: u32,
}

/// RFC 3931 section 5.4.5: counters of a circuit, as the figure there has them.
///
/// The figure has 18 bytes of value; the sentence behind it has a length of 32, which is that of [`CallErrors`]. Both
/// are read, each by its length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct CircuitErrors {
    /// Overruns of receive buffers in hardware.
    pub hardware_overruns: u32,
    /// Overruns of buffers.
    pub buffer_overruns: u32,
    /// Time-outs.
    pub timeout_errors: u32,
    /// Alignment errors.
    pub alignment_errors: u32,
}

/// RFC 2661 section 4.4.6: which characters the LAC is to escape, and which it may drop.
///
/// Two reserved bytes precede them on the wire: 0 when sent, ignored when received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct LinkAccm {
    /// For bytes that the LAC sends on the line.
    pub send: Accm,
    /// For bytes that it receives.
    pub receive: Accm,
}

/// RFC 3931 section 5.4.1: a digest over a message, by HMAC-MD5 or HMAC-SHA-1.
///
/// Compared in constant time, and not wiped: it passes in the clear.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "the RFC has no other; what else comes is refused")]
pub enum Digest {
    /// Digest type 0.
    HmacMd5([u8; 16]),
    /// Digest type 1.
    HmacSha1([u8; 20]),
}

impl Digest {
    /// Returns a digest of zeros, to be filled in later. Types other than SHA-1 are MD5, which all must have.
    pub(crate) const fn placeholder(digest_type: DigestType) -> Self {
        match digest_type {
            DigestType::HMAC_SHA1 => Self::HmacSha1([0; 20]),
            _ => Self::HmacMd5([0; 16]),
        }
    }

    /// Returns the bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::HmacMd5(bytes) => bytes,
            Self::HmacSha1(bytes) => bytes,
        }
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.as_bytes(), other.as_bytes()).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HmacMd5(_) => "HmacMd5(..)",
            Self::HmacSha1(_) => "HmacSha1(..)",
        })
    }
}

/// RFC 2661 section 4.4.3: the proof that the sender knows the secret, 16 bytes.
///
/// An observer of challenge and response can try secrets, so it is not printed. Compared in constant time.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ChallengeResponse([u8; 16]);

impl ChallengeResponse {
    /// The length in bytes.
    pub const LEN: usize = 16;

    /// Takes the bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl PartialEq for ChallengeResponse {
    fn eq(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
    }
}

impl Eq for ChallengeResponse {}

impl fmt::Debug for ChallengeResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChallengeResponse(..)")
    }
}

/// RFC 3931 section 5.4.3: the kinds of pseudowires that the sender has.
///
/// ```
/// use l2tp_wire::avp::Pseudowires;
/// use l2tp_wire::code::PseudowireType;
///
/// let list = Pseudowires::new(b"\x00\x07\x00\x05").unwrap();
/// assert!(list.contains(PseudowireType::PPP));
/// assert!(list.iter().eq([PseudowireType::PPP, PseudowireType::ETHERNET]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudowires<'a>(&'a [u8]);

impl<'a> Pseudowires<'a> {
    /// PPP alone.
    pub const PPP: Self = Self(&[0, 7]);

    /// PPP, Ethernet and Ethernet with VLAN tags.
    pub const PPP_ETHERNET: Self = Self(&[0, 7, 0, 5, 0, 4]);

    /// Returns the list with these numbers of two bytes each, as on the wire; `None` for an odd number of bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() & 1 == 0 { Some(Self(bytes)) } else { None }
    }

    /// Returns the bytes on the wire.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the numbers one by one.
    pub fn iter(self) -> impl Iterator<Item = PseudowireType> + 'a {
        self.0.chunks_exact(2).filter_map(|pair| {
            let pair = pair.try_into().ok()?;
            Some(PseudowireType::new(u16::from_be_bytes(pair)))
        })
    }

    /// Returns whether the sender has this kind.
    #[must_use]
    pub fn contains(self, pseudowire_type: PseudowireType) -> bool {
        self.iter().any(|found| found == pseudowire_type)
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Pseudowires<'a> {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let bytes = <&[u8]>::arbitrary(u)?;
        let even = bytes.len() & !1;
        Ok(Self(bytes.get(..even).unwrap_or_default()))
    }
}

impl fmt::Debug for Pseudowires<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// RFC 3931 section 5.1: an AVP of a vendor whose number has 32 bits, inside one of the IETF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct ExtendedVendor<'a> {
    /// The owner of the attribute.
    pub vendor_id: u32,
    /// Which attribute it is, among those of the vendor.
    pub attribute_type: AttributeType,
    /// The value.
    pub value: &'a [u8],
}
