//! Values made by fuzzers are written and read back.

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;

use crate::{Failure, Success, v1, v2};

fn make<'a, T: Arbitrary<'a>>(seed: &'a [u8]) -> T {
    T::arbitrary(&mut Unstructured::new(seed)).unwrap()
}

proptest! {
    #[test]
    fn round_trip(seed in prop::collection::vec(any::<u8>(), 1200)) {
        let value = make::<v1::Response>(&seed).encode();
        prop_assert_eq!(v1::Response::decode(&value).unwrap().encode(), value);
        let value = make::<v2::Response>(&seed).encode();
        prop_assert_eq!(v2::Response::decode(&value).unwrap().encode(), value);
        let packet = make::<v1::ChangePassword1>(&seed).encode();
        prop_assert_eq!(v1::ChangePassword1::decode(&packet).unwrap().encode(), packet);
        let packet = make::<v1::ChangePassword2>(&seed).encode();
        prop_assert_eq!(v1::ChangePassword2::decode(&packet).unwrap().encode(), packet);
        let packet = make::<v2::ChangePassword>(&seed).encode();
        prop_assert_eq!(v2::ChangePassword::decode(&packet).unwrap().encode(), packet);

        let mut buf = [0; 2048];
        let failure: Failure<'_> = make(&seed);
        prop_assert_eq!(Failure::decode(failure.encode(&mut buf).unwrap()), failure);
        let success: Success<'_> = make(&seed);
        if success.authenticator_response.is_some() {
            let read = Success::decode(success.encode(&mut buf).unwrap()).unwrap();
            prop_assert_eq!(read.message, success.message);
        }
    }

    #[cfg(feature = "radius")]
    #[test]
    fn attributes_round_trip(seed in prop::collection::vec(any::<u8>(), 300)) {
        use crate::radius::Attribute;

        let mut buf = [0; Attribute::MAX_LEN];
        let attribute: Attribute<'_> = make(&seed);
        if let Ok(bytes) = attribute.encode(&mut buf) {
            // An arbitrary value may be shorter than its attribute allows.
            if let Ok(read) = Attribute::decode(attribute.vendor_type(), &bytes[8..]) {
                let mut again = [0; Attribute::MAX_LEN];
                prop_assert_eq!(read.encode(&mut again).unwrap(), bytes);
            }
        }
    }
}
