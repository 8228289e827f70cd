//! Authentication: PAP, CHAP, MS-CHAP and EAP.

mod method;

pub use method::{Method, Methods};
