//! RFC 2661 section 4.3, RFC 3931 section 5.3: hiding the values of AVPs.
//!
//! [`reveal`] deciphers all hidden AVPs of a message in place. To hide them when sending, give a [`Hiding`] to
//! [`Message::encode`](crate::Message::encode).
//!
//! ```
//! use l2tp_wire::Secret;
//! use l2tp_wire::code::AttributeType;
//! use l2tp_wire::hide::HidingKey;
//!
//! // From a recording: Framing Capabilities of accel-ppp, without the padding that it adds.
//! let key = HidingKey::v2(&Secret::new(b"opensesame")?);
//! let mut value = *b"\0\x04\0\0\0\x03";
//! key.hide(AttributeType::FRAMING_CAPABILITIES, b"random vector", &mut value);
//! assert_ne!(value, *b"\0\x04\0\0\0\x03");
//! key.unhide(AttributeType::FRAMING_CAPABILITIES, b"random vector", &mut value);
//! assert_eq!(value, *b"\0\x04\0\0\0\x03");
//! # Ok::<(), l2tp_wire::SecretError>(())
//! ```

use md5::{Digest, Md5};

pub use crate::avp::MAX_HIDDEN;
use crate::avp::{Avps, Concealment, bit};
use crate::code::{AttributeType, VendorId};
use crate::header::{Control, ControlHeader};
use crate::{DecodeError, Secret};

/// The key with which values are hidden: the secret itself in version 2, one derived from it in version 3.
///
/// Redacted when printed, wiped when dropped.
#[derive(Clone)]
pub struct HidingKey(Secret);

impl HidingKey {
    /// Takes the secret as it is (RFC 2661 section 4.3).
    #[must_use]
    pub fn v2(secret: &Secret) -> Self {
        Self(secret.clone())
    }

    /// Derives the key, HMAC-MD5 of a byte of 1 under the secret (RFC 3931 section 5.3).
    #[must_use]
    pub fn v3(secret: &Secret) -> Self {
        Self(crate::authenticate::derive(secret, 1))
    }

    /// Hides `plain` in place: the length of the value in two bytes, the value, and padding.
    pub fn hide(&self, attribute_type: AttributeType, random_vector: &[u8], plain: &mut [u8]) {
        self.work(attribute_type, random_vector, plain, Direction::Hide);
    }

    /// Deciphers a hidden value in place. Whether its length makes sense is left to the caller.
    pub fn unhide(&self, attribute_type: AttributeType, random_vector: &[u8], hidden: &mut [u8]) {
        self.work(attribute_type, random_vector, hidden, Direction::Reveal);
    }

    fn work(&self, attribute_type: AttributeType, random_vector: &[u8], bytes: &mut [u8], direction: Direction) {
        let secret = self.0.expose_bytes();
        let mut pad: [u8; 16] = Md5::new_with_prefix(attribute_type.get().to_be_bytes())
            .chain_update(secret)
            .chain_update(random_vector)
            .finalize()
            .into();
        let mut blocks = bytes.chunks_mut(16).peekable();
        while let Some(block) = blocks.next() {
            // The next pad is made from the hidden form of this block, whichever way.
            let mut hidden = [0; 16];
            for ((byte, pad), kept) in block.iter_mut().zip(pad).zip(&mut hidden) {
                let worked = *byte ^ pad;
                *kept = match direction {
                    Direction::Hide => worked,
                    Direction::Reveal => *byte,
                };
                *byte = worked;
            }
            if blocks.peek().is_some() {
                pad = Md5::new_with_prefix(secret).chain_update(hidden).finalize().into();
            }
        }
    }
}

/// Which way a value goes.
#[derive(Clone, Copy)]
enum Direction {
    Hide,
    Reveal,
}

#[cfg(feature = "zeroize")]
impl zeroize::ZeroizeOnDrop for HidingKey {}

impl core::fmt::Debug for HidingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HidingKey(..)")
    }
}

/// Deciphers all hidden AVPs of a control message in place, and returns its header and its AVPs.
///
/// `message` starts with the flags. A hidden AVP that cannot be read is still among the AVPs, with the reason: which
/// of them matter is decided by [`Message::decode`](crate::Message::decode). With a version 3 digest, verify it first:
/// afterwards the message is another one. Call it once for each message, since it would hide again.
///
/// At most [`MAX_HIDDEN`] values are deciphered, so that the work stays in proportion to the message.
///
/// # Errors
///
/// Returns those of [`Control::decode`].
pub fn reveal<'a>(message: &'a mut [u8], key: &HidingKey) -> Result<(ControlHeader, Avps<'a>), DecodeError> {
    let control = Control::decode(message)?;
    let (header, length) = (control.header, control.bytes().len());
    let mut rest: &mut [u8] = message.get_mut(ControlHeader::LEN..length).unwrap_or_default();
    let mut vector: &[u8] = &[];
    let mut concealment = Concealment::NoVector;
    // The vector of a hidden AVP is the last one before it (RFC 2661 section 4.3), so the AVPs are
    // walked in order.
    while let Some(&[high, low, vendor, vendor_low, attribute, attribute_low]) = rest.first_chunk() {
        let bits = u16::from_be_bytes([high, low]);
        let Some((avp, behind)) = core::mem::take(&mut rest).split_at_mut_checked((bits & bit::LENGTH).into()) else {
            // The cursor finds the same, and reports it.
            break;
        };
        rest = behind;
        let Some((_, value)) = avp.split_first_chunk_mut::<6>() else { break };
        let vendor_id = VendorId::new(u16::from_be_bytes([vendor, vendor_low]));
        let attribute_type = AttributeType::new(u16::from_be_bytes([attribute, attribute_low]));
        let is_hidden = bits & bit::HIDDEN != 0;
        let admitted = concealment.pass(is_hidden, vendor_id, attribute_type);
        // A refused AVP stays as it is, and the cursor reports it.
        if is_hidden && admitted.is_ok() {
            key.unhide(attribute_type, vector, value);
        } else if !is_hidden && attribute_type == AttributeType::RANDOM_VECTOR && vendor_id == VendorId::IETF {
            vector = value;
        }
    }
    let body = message.get(ControlHeader::LEN..length).unwrap_or_default();
    Ok((header, Avps::revealed(body, ControlHeader::LEN)))
}

/// How AVPs are hidden when a message is written.
///
/// ```
/// use l2tp_wire::Secret;
/// use l2tp_wire::hide::{Hiding, HidingKey};
///
/// let key = HidingKey::v2(&Secret::new(b"opensesame")?);
/// // 16 random bytes for the vector, and three random bytes of padding behind each value.
/// let hiding = Hiding::new(&key, &[0x5a; 16]).with_padding(&[1, 2, 3]);
/// # Ok::<(), l2tp_wire::SecretError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Hiding<'a> {
    pub(crate) key: &'a HidingKey,
    pub(crate) random_vector: &'a [u8],
    pub(crate) padding: &'a [u8],
}

impl<'a> Hiding<'a> {
    /// Takes the key, and a random vector for this message: 16 random bytes are recommended, unpredictable and never
    /// used before, or equal values become visible.
    #[must_use]
    pub const fn new(key: &'a HidingKey, random_vector: &'a [u8]) -> Self {
        Self { key, random_vector, padding: &[] }
    }

    /// Puts these bytes behind each value, so that its length is not visible. Random ones, says the RFC.
    #[must_use]
    pub const fn with_padding(mut self, padding: &'a [u8]) -> Self {
        self.padding = padding;
        self
    }
}
