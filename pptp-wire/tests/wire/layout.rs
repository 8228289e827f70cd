//! Every prefix of every message, and every length in every header.

use pptp_wire::code::{ControlMessageType, MessageType};
use pptp_wire::{DecodeError, Field, Header, Message, Reassembler};

use crate::decode;

/// RFC 2637 sections 2.1 to 2.15: the fields behind the control message type, with their lengths, by type from 1.
const LAYOUTS: [&[(Field, usize)]; 15] = [
    &[
        (Field::Reserved0, 2),
        (Field::ProtocolVersion, 2),
        (Field::Reserved1, 2),
        (Field::FramingCapabilities, 4),
        (Field::BearerCapabilities, 4),
        (Field::MaximumChannels, 2),
        (Field::FirmwareRevision, 2),
        (Field::HostName, 64),
        (Field::VendorName, 64),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::ProtocolVersion, 2),
        (Field::ResultCode, 1),
        (Field::ErrorCode, 1),
        (Field::FramingCapabilities, 4),
        (Field::BearerCapabilities, 4),
        (Field::MaximumChannels, 2),
        (Field::FirmwareRevision, 2),
        (Field::HostName, 64),
        (Field::VendorName, 64),
    ],
    &[(Field::Reserved0, 2), (Field::Reason, 1), (Field::Reserved1, 1), (Field::Reserved2, 2)],
    &[(Field::Reserved0, 2), (Field::ResultCode, 1), (Field::ErrorCode, 1), (Field::Reserved1, 2)],
    &[(Field::Reserved0, 2), (Field::Identifier, 4)],
    &[
        (Field::Reserved0, 2),
        (Field::Identifier, 4),
        (Field::ResultCode, 1),
        (Field::ErrorCode, 1),
        (Field::Reserved1, 2),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::CallId, 2),
        (Field::CallSerialNumber, 2),
        (Field::MinimumBps, 4),
        (Field::MaximumBps, 4),
        (Field::BearerType, 4),
        (Field::FramingType, 4),
        (Field::PacketReceiveWindowSize, 2),
        (Field::PacketProcessingDelay, 2),
        (Field::PhoneNumberLength, 2),
        (Field::Reserved1, 2),
        (Field::PhoneNumber, 64),
        (Field::Subaddress, 64),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::CallId, 2),
        (Field::PeerCallId, 2),
        (Field::ResultCode, 1),
        (Field::ErrorCode, 1),
        (Field::CauseCode, 2),
        (Field::ConnectSpeed, 4),
        (Field::PacketReceiveWindowSize, 2),
        (Field::PacketProcessingDelay, 2),
        (Field::PhysicalChannelId, 4),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::CallId, 2),
        (Field::CallSerialNumber, 2),
        (Field::BearerType, 4),
        (Field::PhysicalChannelId, 4),
        (Field::DialedNumberLength, 2),
        (Field::DialingNumberLength, 2),
        (Field::DialedNumber, 64),
        (Field::DialingNumber, 64),
        (Field::Subaddress, 64),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::CallId, 2),
        (Field::PeerCallId, 2),
        (Field::ResultCode, 1),
        (Field::ErrorCode, 1),
        (Field::PacketReceiveWindowSize, 2),
        (Field::PacketTransmitDelay, 2),
        (Field::Reserved1, 2),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::PeerCallId, 2),
        (Field::Reserved1, 2),
        (Field::ConnectSpeed, 4),
        (Field::PacketReceiveWindowSize, 2),
        (Field::PacketTransmitDelay, 2),
        (Field::FramingType, 4),
    ],
    &[(Field::Reserved0, 2), (Field::CallId, 2), (Field::Reserved1, 2)],
    &[
        (Field::Reserved0, 2),
        (Field::CallId, 2),
        (Field::ResultCode, 1),
        (Field::ErrorCode, 1),
        (Field::CauseCode, 2),
        (Field::Reserved1, 2),
        (Field::CallStatistics, 128),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::PeerCallId, 2),
        (Field::Reserved1, 2),
        (Field::CrcErrors, 4),
        (Field::FramingErrors, 4),
        (Field::HardwareOverruns, 4),
        (Field::BufferOverruns, 4),
        (Field::TimeoutErrors, 4),
        (Field::AlignmentErrors, 4),
    ],
    &[
        (Field::Reserved0, 2),
        (Field::PeerCallId, 2),
        (Field::Reserved1, 2),
        (Field::SendAccm, 4),
        (Field::ReceiveAccm, 4),
    ],
];

/// The fields of the header of a control message.
const HEADER: [(Field, usize); 4] =
    [(Field::Length, 2), (Field::MessageType, 2), (Field::MagicCookie, 4), (Field::ControlMessageType, 2)];

/// Returns bytes with a right cookie, this length and these types, with 0xa5 in all else.
fn message(length: u16, message_type: u16, control_message_type: u16, room: usize) -> Vec<u8> {
    let mut bytes = [length, message_type, 0x1a2b, 0x3c4d, control_message_type].map(u16::to_be_bytes).concat();
    bytes.resize(room.max(10), 0xa5);
    bytes.truncate(room);
    bytes
}

/// Returns every message of RFC 2637: its type, its fields, and bytes.
fn messages() -> impl Iterator<Item = (u16, Vec<(Field, usize)>, Vec<u8>)> {
    (1..).zip(LAYOUTS).map(|(control_message_type, layout)| {
        let fields = [&HEADER[..], layout].concat();
        let length: usize = fields.iter().map(|(_, length)| length).sum();
        (control_message_type, fields, message(length.try_into().unwrap(), 1, control_message_type, length))
    })
}

#[test]
fn every_prefix_is_refused_by_field() {
    for (control_message_type, fields, bytes) in messages() {
        let message = decode(&bytes);
        assert_eq!(message.control_message_type(), Some(ControlMessageType::new(control_message_type)));
        assert_eq!(message.len(), bytes.len());
        let mut offset = 0;
        for (field, needed) in fields {
            for available in 0..needed {
                let error = Message::decode(&bytes[..offset + available]).unwrap_err();
                let truncated = DecodeError::Truncated { field, offset, needed, available };
                assert_eq!(error, truncated, "type {control_message_type}");
                assert_eq!((error.field(), error.offset()), (field, offset));
            }
            offset += needed;
        }
        assert_eq!(offset, bytes.len());
    }
}

#[test]
fn every_length_is_taken_or_refused() {
    for (control_message_type, _, mut bytes) in messages() {
        let right = u16::try_from(bytes.len()).unwrap();
        for found in 0..=u16::MAX {
            bytes[..2].copy_from_slice(&found.to_be_bytes());
            let expected = match found {
                0..=7 | 221.. => Err(DecodeError::Length { found, minimum: 8 }),
                8..=11 => Err(DecodeError::Length { found, minimum: 12 }),
                _ if found == right => Ok(()),
                _ => Err(DecodeError::LengthOfType {
                    control_message_type: ControlMessageType::new(control_message_type),
                    expected: right.into(),
                    found,
                }),
            };
            let decoded = Message::decode(&bytes).map(|_| ());
            assert_eq!(decoded, expected, "type {control_message_type}");
            assert!(decoded.err().is_none_or(|error| (error.field(), error.offset()) == (Field::Length, 0)));
        }
    }
}

#[test]
fn every_length_of_an_unknown_message() {
    for (message_type, control_message_type, header_length, minimum) in
        [(1, 16, 10, 12), (1, 0, 10, 12), (2, 1, 8, 8), (0, 1, 8, 8), (0xffff, 0xffff, 8, 8)]
    {
        for found in 0..=u16::MAX {
            let bytes = message(found, message_type, control_message_type, 300);
            let decoded = Message::decode(&bytes);
            let length = usize::from(found);
            if !(8..=220).contains(&found) {
                assert_eq!(decoded, Err(DecodeError::Length { found, minimum: 8 }));
                continue;
            }
            if length < minimum {
                assert_eq!(decoded, Err(DecodeError::Length { found, minimum: 12 }));
                continue;
            }
            let (message, rest) = decoded.unwrap();
            assert_eq!(rest, &bytes[length..]);
            assert_eq!(message.len(), length);
            assert_eq!(message.encode(&mut [0; 220]), Ok(&bytes[..length]));
            let Message::Unknown(unknown) = message else { panic!("{message}") };
            assert_eq!(unknown.message_type(), MessageType::new(message_type));
            assert_eq!(
                unknown.control_message_type(),
                (message_type == 1).then_some(ControlMessageType::new(control_message_type))
            );
            assert_eq!(unknown.body(), &bytes[header_length..length]);
            for cut in header_length..length {
                let error = DecodeError::Truncated {
                    field: Field::Body,
                    offset: header_length,
                    needed: length - header_length,
                    available: cut - header_length,
                };
                assert_eq!(Message::decode(&bytes[..cut]), Err(error));
            }
        }
    }
}

#[test]
fn a_cookie_with_any_wrong_bit_is_refused() {
    for (control_message_type, _, bytes) in messages() {
        for bit in 0..32 {
            let found = 0x1a2b_3c4d ^ (1 << bit);
            let mut bytes = bytes.clone();
            bytes[4..8].copy_from_slice(&u32::to_be_bytes(found));
            let error = Message::decode(&bytes).unwrap_err();
            assert_eq!(error, DecodeError::MagicCookie { found }, "type {control_message_type}");
            assert_eq!((error.field(), error.offset()), (Field::MagicCookie, 4));
        }
    }
}

/// An error is found with the last byte of the field that makes it certain, and not before.
#[test]
fn errors_are_found_early() {
    let length_of_type =
        DecodeError::LengthOfType { control_message_type: ControlMessageType::ECHO_REQUEST, expected: 16, found: 20 };
    for (bytes, certain, expected) in [
        (message(7, 1, 5, 16), 2, DecodeError::Length { found: 7, minimum: 8 }),
        (message(221, 1, 5, 16), 2, DecodeError::Length { found: 221, minimum: 8 }),
        (message(11, 1, 5, 16), 4, DecodeError::Length { found: 11, minimum: 12 }),
        (crate::bytes("001000011a2b3c4c0005000000000001"), 8, DecodeError::MagicCookie { found: 0x1a2b_3c4c }),
        (message(20, 1, 5, 16), 10, length_of_type),
    ] {
        for length in 0..=bytes.len() {
            let (prefix, mut stream) = (&bytes[..length], Reassembler::new());
            if length < certain {
                assert!(matches!(Message::decode(prefix), Err(DecodeError::Truncated { .. })), "{expected}: {length}");
                assert_eq!(stream.next_message(&mut &prefix[..]), Ok(None), "{expected}: {length}");
            } else {
                assert_eq!(Message::decode(prefix), Err(expected), "{length}");
                assert_eq!(Header::decode(prefix), Err(expected), "{length}");
                let error = stream.next_message(&mut &prefix[..]).unwrap_err();
                assert_eq!((error.error, error.offset), (expected, expected.offset().try_into().unwrap()));
                assert_eq!(stream.pending(), &bytes[..certain]);
            }
        }
    }
}
