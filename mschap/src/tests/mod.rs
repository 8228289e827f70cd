#[cfg(feature = "arbitrary")]
mod arbitrary_values;
mod change_password;
mod decided_elsewhere;
mod eap;
mod eap_matrix;
mod machine_v1;
mod machine_v2;
#[cfg(feature = "radius")]
mod radius;
#[cfg(feature = "radius")]
mod radius_limits;
#[cfg(feature = "radius")]
mod radius_vectors;
mod vectors;
#[cfg(feature = "zeroize")]
mod wiped;
mod words;

use alloc::vec::Vec;

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

fn array<const N: usize>(digits: &str) -> [u8; N] {
    bytes(digits).try_into().unwrap()
}
