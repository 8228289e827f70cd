//! Enhanced GRE.

use arbitrary::{Arbitrary, Unstructured};
use pptp_gre::{EncodeError, Header, Packet};

/// Asserts that any bytes give an error, or a packet that is written back to the same bytes.
///
/// # Panics
///
/// When that does not hold.
pub fn decode(data: &[u8]) {
    let Ok(packet) = Packet::decode(data) else { return };
    assert_eq!(packet.to_vec().as_deref(), Ok(data));
    assert_eq!(packet.len(), data.len());
    // One byte less of room is refused, and nothing else happens.
    let mut buf = vec![0; data.len()];
    assert!(matches!(packet.encode(&mut buf[1..]), Err(EncodeError::BufferTooSmall(_))));
    assert_eq!(packet.encode(&mut buf), Ok(data));
}

/// Asserts that any packet that can be built is read back.
///
/// # Panics
///
/// When that does not hold.
pub fn round_trip(data: &[u8]) {
    let mut data = Unstructured::new(data);
    let Ok(header) = Header::arbitrary(&mut data) else { return };
    let payload = data.take_rest();
    match (Packet { header, payload, trailing: &[] }).to_vec() {
        Ok(bytes) => {
            let packet = Packet::decode(&bytes).expect("what was written is read");
            assert_eq!((packet.header, packet.payload, packet.trailing), (header, payload, &[][..]));
        }
        Err(EncodeError::PayloadWithoutSequenceNumber) => {
            assert!(header.sequence_number.is_none() && !payload.is_empty());
        }
        Err(EncodeError::PayloadTooLong { length }) => assert!(length > usize::from(u16::MAX)),
        Err(error) => panic!("{error}"),
    }
}
