//! Writing control messages AVP by AVP.

use crate::EncodeError;
use crate::avp::{Avp, Value, bit};
use crate::code::{AttributeType, VendorId};
use crate::header::ControlHeader;
use crate::hide::Hiding;

/// RFC 2661 section 4, RFC 3931 section 5: writes a control message into the caller's buffer, one AVP after another.
///
/// The M bit is the one that the RFC of the message's version wants. To write whole messages, see
/// [`Message::encode`](crate::Message::encode).
///
/// ```
/// use l2tp_wire::avp::Value;
/// use l2tp_wire::code::MessageType;
/// use l2tp_wire::header::{ControlHeader, Recipient};
/// use l2tp_wire::message::MessageWriter;
///
/// let header = ControlHeader {
///     recipient: Recipient::V2 { tunnel_id: 1, session_id: 0 },
///     ns: 1,
///     nr: 1,
/// };
/// let mut buf = [0; 64];
/// let mut writer = MessageWriter::new(header, &mut buf)?;
/// writer.put(&Value::MessageType(MessageType::HELLO))?;
/// let message = writer.finish()?;
/// assert_eq!(
///     message,
///     b"\xc8\x02\x00\x14\x00\x01\x00\x00\x00\x01\x00\x01\x80\x08\x00\x00\x00\x00\x00\x06"
/// );
/// # Ok::<(), l2tp_wire::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct MessageWriter<'b, 'h> {
    header: ControlHeader,
    buf: &'b mut [u8],
    /// How much of the buffer is written.
    len: usize,
    hiding: Option<Hiding<'h>>,
}

impl<'b, 'h> MessageWriter<'b, 'h> {
    /// Starts a message.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::BufferTooSmall`] when the buffer has no room for a header.
    pub fn new(header: ControlHeader, buf: &'b mut [u8]) -> Result<Self, EncodeError> {
        let (needed, available) = (ControlHeader::LEN, buf.len());
        if available < needed {
            return Err(EncodeError::BufferTooSmall { needed, available });
        }
        Ok(Self { header, buf, len: ControlHeader::LEN, hiding: None })
    }

    /// Writes a Random Vector, and hides every value behind it that may be hidden.
    ///
    /// # Errors
    ///
    /// Those of [`put`](Self::put).
    pub fn hide(&mut self, hiding: Hiding<'h>) -> Result<(), EncodeError> {
        self.put(&Value::RandomVector(hiding.random_vector))?;
        self.hiding = Some(hiding);
        Ok(())
    }

    /// Writes an AVP.
    ///
    /// [`Value::Unknown`] is written with the vendor, number and M bit that it has, and never hidden.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::ValueTooLong`] for more than 1017 bytes of value (with hiding, two bytes of length and
    /// the padding count too), and [`EncodeError::BufferTooSmall`] when the buffer is full. The message cannot be
    /// finished sensibly then.
    pub fn put(&mut self, value: &Value<'_>) -> Result<(), EncodeError> {
        let version = self.header.recipient.version();
        let attribute_type = value.attribute_type();
        let (vendor_id, is_mandatory, may_be_hidden) =
            if let Value::Unknown(Avp { vendor_id, is_mandatory, .. }) = value {
                (*vendor_id, *is_mandatory, false)
            } else {
                let may_be_hidden = attribute_type.may_be_hidden(version);
                (VendorId::IETF, attribute_type.is_mandatory(version), may_be_hidden)
            };
        let parts = value.parts();
        let (head, tail) = (parts.head(), parts.tail);
        let mandatory = if is_mandatory { bit::MANDATORY } else { 0 };
        let Some(hiding) = self.hiding.filter(|_| may_be_hidden) else {
            return self.append(mandatory, vendor_id, attribute_type, &[head, tail]).map(|_| ());
        };
        let length = head.len().saturating_add(tail.len());
        let too_long = |_| EncodeError::ValueTooLong { attribute_type, length };
        let original = u16::try_from(length).map_err(too_long)?.to_be_bytes();
        let pieces = [&original, head, tail, hiding.padding];
        let hidden = self.append(mandatory | bit::HIDDEN, vendor_id, attribute_type, &pieces)?;
        hiding.key.hide(attribute_type, hiding.random_vector, hidden);
        Ok(())
    }

    /// Writes header and value of an AVP, and returns the value.
    fn append(
        &mut self,
        bits: u16,
        vendor_id: VendorId,
        attribute_type: AttributeType,
        pieces: &[&[u8]],
    ) -> Result<&mut [u8], EncodeError> {
        let length = pieces.iter().fold(0usize, |sum, piece| sum.saturating_add(piece.len()));
        let whole = u16::try_from(length.saturating_add(Avp::HEADER_LEN)).ok().filter(|whole| *whole <= bit::LENGTH);
        let Some(whole) = whole else { return Err(EncodeError::ValueTooLong { attribute_type, length }) };
        let (start, available) = (self.len, self.buf.len());
        let end = start.saturating_add(whole.into());
        let Some(room) = self.buf.get_mut(start..end) else {
            return Err(EncodeError::BufferTooSmall { needed: end, available });
        };
        let Some((header, value)) = room.split_first_chunk_mut() else {
            return Err(EncodeError::BufferTooSmall { needed: end, available });
        };
        let ([high, low], [vendor, vendor_low]) = ((bits | whole).to_be_bytes(), vendor_id.get().to_be_bytes());
        let [attribute, attribute_low] = attribute_type.get().to_be_bytes();
        *header = [high, low, vendor, vendor_low, attribute, attribute_low];
        let mut rest = &mut *value;
        for piece in pieces {
            let Some((place, behind)) = rest.split_at_mut_checked(piece.len()) else { break };
            place.copy_from_slice(piece);
            rest = behind;
        }
        self.len = end;
        Ok(value)
    }

    /// Writes the header, and returns the message.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::TooLong`] when the message is longer than 65535 bytes.
    pub fn finish(self) -> Result<&'b mut [u8], EncodeError> {
        let (needed, available) = (self.len, self.buf.len());
        let message = self.buf.get_mut(..needed).ok_or(EncodeError::BufferTooSmall { needed, available })?;
        self.header.overwrite(message)?;
        Ok(message)
    }
}
