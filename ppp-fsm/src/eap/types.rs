//! Lists of EAP types, as a Nak has them.

use core::fmt;

use super::Type;

/// RFC 3748 section 5.3.1: up to eight types that one side wants. Further ones are left out.
///
/// ```
/// use ppp_fsm::eap::{Type, Types};
///
/// let types = Types::new(&[Type::PEAP, Type::MS_CHAP_V2]);
/// assert_eq!(types.to_string(), "PEAP, MS-CHAP-V2");
/// assert_eq!(Types::new(&[]).to_string(), "none");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Types {
    types: [Option<Type>; 8],
}

impl Types {
    /// Returns a list of these types.
    #[must_use]
    pub fn new(types: &[Type]) -> Self {
        let mut list = [None; 8];
        list.iter_mut().zip(types).for_each(|(place, found)| *place = Some(*found));
        Self { types: list }
    }

    /// Returns the types in the data of a Nak: one byte each. 0 says that there are none.
    #[must_use]
    pub fn from_nak(data: &[u8]) -> Self {
        let mut list = [None; 8];
        let wanted = data.iter().filter(|byte| **byte != 0);
        list.iter_mut().zip(wanted).for_each(|(place, byte)| *place = Some(Type(*byte)));
        Self { types: list }
    }

    /// Returns the list with one more type behind the others, if it is not there yet.
    pub(crate) fn with(mut self, added: Type) -> Self {
        // A list of refused types has each once, however often the peer asks for it.
        if self.iter().all(|found| found != added) {
            if let Some(place) = self.types.iter_mut().find(|place| place.is_none()) {
                *place = Some(added);
            }
        }
        self
    }

    /// Returns whether a type is in the list.
    #[must_use]
    pub fn contains(&self, wanted: Type) -> bool {
        self.iter().any(|found| found == wanted)
    }

    /// Returns the types in order.
    pub fn iter(&self) -> impl Iterator<Item = Type> + use<> {
        self.types.into_iter().flatten()
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for found in self.iter() {
            write!(f, "{separator}{found}")?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}
