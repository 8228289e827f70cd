//! Numbers from the wire: a newtype with constants and names, so that unknown values survive.

/// Declares a newtype over an integer, a constant and a name for each assigned value, and `name`, `Display`, `Debug`.
///
/// `Display` gives the name, or the given word and the number.
macro_rules! number {
    (
        $(#[$meta:meta])*
        pub struct $type:ident($integer:ty), $unknown:literal, $format:literal;
        $( $(#[$constant_meta:meta])* $constant:ident = $value:literal => $name:literal; )*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[expect(clippy::exhaustive_structs, reason = "a number of the wire, whatever it is")]
        pub struct $type(pub $integer);

        impl $type {
            $(
                $(#[$constant_meta])*
                pub const $constant: Self = Self($value);
            )*

            /// Returns the name of an assigned number.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($name), )*
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, concat!($unknown, " ", $format), self.0),
                }
            }
        }

        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($type), "(", $format), self.0)?;
                if let Some(name) = self.name() {
                    write!(f, " {name}")?;
                }
                f.write_str(")")
            }
        }

        impl From<$integer> for $type {
            fn from(number: $integer) -> Self {
                Self(number)
            }
        }

        impl From<$type> for $integer {
            fn from(number: $type) -> Self {
                number.0
            }
        }
    };
}
