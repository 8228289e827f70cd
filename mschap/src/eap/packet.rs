//! The common part of packets of both directions.

use super::Operation;
use crate::DecodeError;
use crate::write::Writer;

/// How the method ends: what EAP's own last packet says afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "EAP ends with Success or with Failure")]
pub enum End {
    /// Both sides have proved themselves: EAP's Success follows.
    Accepted,
    /// EAP's Failure follows.
    Refused,
}

/// OpCode (1), MS-CHAPv2-ID (1), MS-Length (2).
const HEADER_LEN: usize = 4;

/// Reads the OpCode.
pub(super) fn operation(data: &[u8]) -> Result<(Operation, &[u8]), DecodeError> {
    match data.split_first() {
        Some((operation, rest)) => Ok((Operation(*operation), rest)),
        None => Err(DecodeError::EapTruncated { needed: 1, found: 0 }),
    }
}

/// Reads MS-CHAPv2-ID and MS-Length. Returns the identifier and what follows the header.
pub(super) fn body(data: &[u8], length: Length) -> Result<(u8, &[u8]), DecodeError> {
    let Some((&[_operation, identifier, high, low], body)) = data.split_first_chunk::<HEADER_LEN>() else {
        return Err(DecodeError::EapTruncated { needed: HEADER_LEN, found: data.len() });
    };
    let stated = u16::from_be_bytes([high, low]);
    // MS-Length says the same as EAP's length. Where they differ, one of the two is wrong.
    if length == Length::Checked && usize::from(stated) != data.len() {
        return Err(DecodeError::EapLength { stated, found: data.len() });
    }
    Ok((identifier, body))
}

/// The treatment of MS-Length, which says once more how long the type-data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// The packet is refused when it is wrong.
    Checked,
    /// EAP's length counts: hostap's peer knows servers whose MS-Length is wrong.
    Ignored,
}

/// Reads Value-Size and the value of `N` bytes. Returns the value and the name that follows it.
pub(super) fn value<const N: usize>(value: crate::Value, body: &[u8]) -> Result<(&[u8; N], &[u8]), DecodeError> {
    let Some((&size, rest)) = body.split_first() else {
        return Err(DecodeError::EapTruncated { needed: HEADER_LEN.saturating_add(1), found: HEADER_LEN });
    };
    let found = usize::from(size);
    // CVE-2020-8597: the size of the value is checked against its only right value before anything
    // is read.
    if found != N {
        return Err(DecodeError::Length { value, needed: N, found });
    }
    rest.split_first_chunk().ok_or(DecodeError::Length { value, needed: N, found: rest.len() })
}

/// Writes a whole packet: its header, the size of the value if it has one, the value, and a name.
pub(super) fn put(writer: &mut Writer<'_>, operation: Operation, identifier: u8, parts: &Parts<'_>) {
    let size = match parts {
        Parts::Named { value, name } => value.len().saturating_add(1).saturating_add(name.len()),
        Parts::Plain(bytes) => bytes.len(),
    };
    // EAP's own length is of 16 bits: the writer of that refuses a longer packet.
    let length = u16::try_from(size.saturating_add(HEADER_LEN)).unwrap_or(u16::MAX);
    writer.put([operation.0, identifier]);
    writer.put(length.to_be_bytes());
    match parts {
        Parts::Named { value, name } => {
            writer.put(u8::try_from(value.len()));
            writer.put_slice(value);
            writer.put_slice(name);
        }
        Parts::Plain(bytes) => writer.put_slice(bytes),
    }
}

/// The bytes behind the header.
pub(super) enum Parts<'a> {
    /// Value-Size, the value and a name.
    Named {
        /// At most 255 bytes.
        value: &'a [u8],
        /// The rest of the packet.
        name: &'a [u8],
    },
    /// One field.
    Plain(&'a [u8]),
}
