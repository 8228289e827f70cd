//! Walking over AVPs.

use crate::code::{AttributeType, MessageType, VendorId};
use crate::error::Unreadable;
use crate::{DecodeError, Field};

/// The bits of the first two bytes of an AVP.
pub(crate) mod bit {
    /// M: must be understood.
    pub(crate) const MANDATORY: u16 = 0x8000;
    /// H: the value is hidden.
    pub(crate) const HIDDEN: u16 = 0x4000;
    /// The length, header included.
    pub(crate) const LENGTH: u16 = 0x03ff;
}

/// Whether the value of an AVP can be read: RFC 2661 section 4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no other way to have a value")]
pub enum Visibility {
    /// It never was hidden.
    Clear,
    /// It was hidden and has been deciphered; the value is the original one.
    Revealed,
    /// It is hidden; the value is as on the wire.
    Unreadable(Unreadable),
}

/// RFC 2661 section 4.1: one AVP of a message.
///
/// ```
/// use l2tp_wire::avp::{Avps, Value};
/// use l2tp_wire::code::{AttributeType, MessageType};
///
/// // Host Name "lac", as xl2tpd sends it.
/// let avp = Avps::new(b"\x80\x09\x00\x00\x00\x07lac").next().unwrap()?;
/// assert!(avp.is_mandatory);
/// assert_eq!(avp.attribute_type, AttributeType::HOST_NAME);
/// let value = avp.decode(MessageType::START_CONTROL_CONNECTION_REQUEST)?;
/// assert_eq!(value, Value::HostName("lac".into()));
/// # Ok::<(), l2tp_wire::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the RFCs have no other fields")]
pub struct Avp<'a> {
    /// The M bit, as the peer set it. Known attributes are better judged by their number.
    pub is_mandatory: bool,
    /// Whether the value can be read.
    pub visibility: Visibility,
    /// The four reserved bits. An AVP with any of them set counts as unknown.
    pub reserved: u8,
    /// The owner of the attribute.
    pub vendor_id: VendorId,
    /// Which attribute it is, among those of the vendor.
    pub attribute_type: AttributeType,
    /// The value: 0 to 1017 bytes.
    pub value: &'a [u8],
    /// Where in the message the AVP starts.
    pub offset: usize,
}

impl Avp<'_> {
    /// Flags and length (2), vendor id (2), attribute type (2).
    pub const HEADER_LEN: usize = 6;

    /// The longest value: ten bits of length count the header too.
    pub const MAX_VALUE_LEN: usize = 1023 - Self::HEADER_LEN;

    /// Returns whether the AVP is one of an RFC: vendor 0, and no reserved bit.
    ///
    /// Vendors have numbers of their own: attribute 7 of vendor 9 is no host name.
    #[must_use]
    pub const fn is_ietf(&self) -> bool {
        self.vendor_id.get() == 0 && self.reserved == 0
    }
}

/// The AVPs of a message, from the first one on.
///
/// The iterator ends behind the first AVP whose length cannot be: where the next one starts is not known then.
///
/// ```
/// use l2tp_wire::DecodeError;
/// use l2tp_wire::avp::Avps;
///
/// // A length of 0 would never end; xl2tpd once looped over it.
/// let mut avps = Avps::new(b"\x80\x08\x00\x00\x00\x00\x00\x06\x80\x00\x00\x00\x00\x07");
/// assert!(avps.next().unwrap().is_ok());
/// let error = avps.next().unwrap().unwrap_err();
/// assert_eq!(error, DecodeError::AvpLength { offset: 8, found: 0, available: 6 });
/// assert!(avps.next().is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avps<'a> {
    rest: &'a [u8],
    offset: usize,
    concealment: Concealment,
}

/// How many hidden AVPs of one message are deciphered.
///
/// Each costs a hash over the random vector, which may have 1017 bytes. No message of the RFCs has as many AVPs.
pub const MAX_HIDDEN: u8 = 64;

/// How far the hidden AVPs passed so far can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concealment {
    /// They have not been deciphered.
    Untouched,
    /// No Random Vector has been passed.
    NoVector,
    /// One has, and then so many hidden AVPs.
    Vector { hidden: u8 },
}

impl Concealment {
    /// Passes an AVP, and says why it cannot be deciphered if it is hidden.
    #[inline]
    pub(crate) fn pass(
        &mut self,
        is_hidden: bool,
        vendor_id: VendorId,
        attribute_type: AttributeType,
    ) -> Result<(), Unreadable> {
        if !is_hidden {
            if *self == Self::NoVector && attribute_type == AttributeType::RANDOM_VECTOR && vendor_id == VendorId::IETF
            {
                *self = Self::Vector { hidden: 0 };
            }
            return Ok(());
        }
        // RFC 2661 section 4.4 has "MUST NOT be hidden" for these AVPs.
        if vendor_id == VendorId::IETF && attribute_type.is_never_hidden() {
            return Err(Unreadable::NotAllowed);
        }
        match self {
            Self::Untouched => Err(Unreadable::NotDeciphered),
            Self::NoVector => Err(Unreadable::NoRandomVector),
            // Each hidden AVP costs an MD5 over up to 1017 bytes of vector: work for one packet has
            // a bound.
            Self::Vector { hidden } if *hidden >= MAX_HIDDEN => Err(Unreadable::TooMany),
            Self::Vector { hidden } => {
                *hidden = hidden.wrapping_add(1);
                Ok(())
            }
        }
    }
}

impl<'a> Avps<'a> {
    /// Returns the AVPs in `bytes`; offsets count from their start.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0, concealment: Concealment::Untouched }
    }

    /// Returns the AVPs in bytes that start `offset` behind the flags of a message.
    pub(crate) const fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, offset, concealment: Concealment::Untouched }
    }

    /// Returns the same AVPs, after everything that can be deciphered has been.
    pub(crate) const fn revealed(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, offset, concealment: Concealment::NoVector }
    }

    /// Returns the first AVP of the IETF with this attribute, if all before it are whole.
    ///
    /// For messages that cannot be decoded, to find the id to which a refusal goes.
    ///
    /// ```
    /// use l2tp_wire::avp::Avps;
    /// use l2tp_wire::code::AttributeType;
    ///
    /// let avps = Avps::new(b"\x80\x08\x00\x00\x00\x00\x00\x0a\x80\x08\x00\x00\x00\x0e\x12\x34");
    /// assert_eq!(avps.find(AttributeType::ASSIGNED_SESSION_ID).unwrap().value, [0x12, 0x34]);
    /// assert_eq!(avps.find(AttributeType::HOST_NAME), None);
    /// ```
    #[must_use]
    pub fn find(&self, attribute_type: AttributeType) -> Option<Avp<'a>> {
        self.clone().find_map(|avp| avp.ok().filter(|avp| avp.is_ietf() && avp.attribute_type == attribute_type))
    }

    /// Returns the message type: RFC 2661 section 4.4.1 wants it in the first AVP.
    ///
    /// The second value is the M bit: an unknown message without it may be ignored.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::FirstAvp`] when the first AVP is another one,
    /// [`DecodeError::Truncated`] when it is missing, [`DecodeError::ValueLength`] when it has not
    /// two bytes. Returns [`DecodeError::Hidden`] when it is hidden, and
    /// [`DecodeError::UnknownMessage`] when it is a vendor's.
    pub fn message_type(&self) -> Result<(MessageType, bool), DecodeError> {
        let offset = self.offset;
        let Some(first) = self.clone().next() else {
            let field = Field::AvpHeader;
            return Err(DecodeError::Truncated { field, offset, needed: Avp::HEADER_LEN, available: 0 });
        };
        let avp = first?;
        let attribute_type = avp.attribute_type;
        // RFC 2661 section 4.4.1: "the first AVP in a message, immediately following the control
        // message header".
        if attribute_type != AttributeType::MESSAGE_TYPE || avp.reserved != 0 {
            return Err(DecodeError::FirstAvp { attribute_type });
        }
        if let Visibility::Unreadable(reason) = avp.visibility {
            return Err(DecodeError::Hidden { attribute_type, offset, reason });
        }
        let Ok(number) = avp.value.try_into() else {
            return Err(DecodeError::ValueLength { attribute_type, offset, expected: 2, found: avp.value.len() });
        };
        let message_type = MessageType::new(u16::from_be_bytes(number));
        let Avp { vendor_id, is_mandatory, .. } = avp;
        // RFC 3931 section 5.4.1: a vendor's own message, whose number means nothing here.
        if vendor_id != VendorId::IETF {
            return Err(DecodeError::UnknownMessage { vendor_id, message_type, is_mandatory });
        }
        Ok((message_type, is_mandatory))
    }
}

/// Takes a deciphered value apart.
fn uncover(value: &[u8]) -> (Visibility, &[u8]) {
    let Some((length, rest)) = value.split_first_chunk() else {
        return (Visibility::Unreadable(Unreadable::Short), value);
    };
    let length = u16::from_be_bytes(*length);
    // The length was deciphered, so it is the peer's or noise. accel-ppp and rp-l2tp copied by it.
    match rest.get(..length.into()) {
        Some(original) => (Visibility::Revealed, original),
        // Both bytes are the peer's, or noise when the secrets differ.
        None => (Visibility::Unreadable(Unreadable::Length { length, available: rest.len() }), value),
    }
}

impl<'a> Iterator for Avps<'a> {
    type Item = Result<Avp<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (offset, available) = (self.offset, self.rest.len());
        if self.rest.is_empty() {
            return None;
        }
        let Some((&[high, low, vendor, vendor_low, attribute, attribute_low], behind)) = self.rest.split_first_chunk()
        else {
            // Nothing behind a wrong header or length can be trusted, so the walk ends.
            self.rest = &[];
            let (field, needed) = (Field::AvpHeader, Avp::HEADER_LEN);
            return Some(Err(DecodeError::Truncated { field, offset, needed, available }));
        };
        let bits = u16::from_be_bytes([high, low]);
        let found = bits & bit::LENGTH;
        // An AVP shorter than its own header never ends: xl2tpd looped over one.
        let value_len = usize::from(found).checked_sub(Avp::HEADER_LEN);
        let Some((value, rest)) = value_len.and_then(|length| behind.split_at_checked(length)) else {
            self.rest = &[];
            return Some(Err(DecodeError::AvpLength { offset, found, available }));
        };
        self.rest = rest;
        self.offset = offset.wrapping_add(found.into());

        let vendor_id = VendorId::new(u16::from_be_bytes([vendor, vendor_low]));
        let attribute_type = AttributeType::new(u16::from_be_bytes([attribute, attribute_low]));
        let is_hidden = bits & bit::HIDDEN != 0;
        let (visibility, value) = match self.concealment.pass(is_hidden, vendor_id, attribute_type) {
            Ok(()) if is_hidden => uncover(value),
            Ok(()) => (Visibility::Clear, value),
            Err(reason) => (Visibility::Unreadable(reason), value),
        };
        let is_mandatory = bits & bit::MANDATORY != 0;
        // The four bits below M and H are not defined.
        let reserved = (high & 0x3c) >> 2;
        Some(Ok(Avp { is_mandatory, visibility, reserved, vendor_id, attribute_type, value, offset }))
    }
}
