//! Sets of bits, as RFC 2637 sections 2.1 and 2.15 have them on the wire.

use pptp_wire::Text;
use pptp_wire::code::{Accm, Bearer, Framing};

#[test]
fn section_2_1_sets_keep_the_bits_that_nobody_knows() {
    let unknown = Bearer::from_bits(0x8000_0000);
    let set = Bearer::DIGITAL | unknown;
    assert_eq!(set.bits(), 0x8000_0002);
    assert_eq!(set & Bearer::ANY, Bearer::DIGITAL);
    assert!(set.intersects(Bearer::ANY) && !set.contains(Bearer::ANY));
    assert!(!unknown.intersects(Bearer::ANY) && set.contains(unknown));
    assert_eq!(Framing::NONE.bits(), 0);
    assert_eq!((Framing::SYNCHRONOUS | Framing::ASYNCHRONOUS, Framing::ANY.bits()), (Framing::ANY, 3));
}

#[test]
fn section_2_15_a_map_of_control_characters_is_32_bits() {
    assert_eq!(Accm::new(0x000a_0000).get(), 0x000a_0000);
    assert_eq!((Accm::NONE.get(), Accm::ALL.get()), (0, u32::MAX));
    assert!(Text::<4>::default().is_empty());
}
