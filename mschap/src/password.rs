//! A password, and how it becomes the bytes that are hashed.

/// RFC 2433 section 6, RFC 2759 section 4: a password, with the way in which it becomes UTF-16LE
/// bytes.
///
/// All ways agree on ASCII. They do not agree on anything else, and a server and a client that chose differently
/// refuse each other with "wrong password":
///
/// | variant | used by |
/// |---|---|
/// | [`Text`](Self::Text) | Windows, FreeRADIUS, hostap |
/// | [`WidenedBytes`](Self::WidenedBytes) | pppd, lwIP, accel-ppp, mpd: the bytes of a configuration file, each followed by a zero |
///
/// The password is borrowed: wiping it is up to its owner.
///
/// ```
/// use mschap::{NtHash, Password};
///
/// // One password, two hashes: that of Windows, and pppd's of the same UTF-8 file.
/// let windows = NtHash::from_password("Grüß€");
/// let pppd = NtHash::from_password(Password::WidenedBytes("Grüß€".as_bytes()));
/// assert!(!windows.ct_eq(&pppd));
///
/// // A character beyond U+FFFF is two code units, four bytes.
/// assert!(Password::Text("a🔑").bytes().eq([0x61, 0x00, 0x3d, 0xd8, 0x11, 0xdd]));
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Password<'a> {
    /// Text, encoded as UTF-16LE as the RFCs want it. `&str` converts into this.
    Text(&'a str),
    /// Bytes that already are UTF-16LE, taken as they are.
    Utf16Le(&'a [u8]),
    /// Bytes, each of which becomes one code unit of the same number: right for ASCII and Latin-1
    /// only.
    WidenedBytes(&'a [u8]),
}

impl<'a> Password<'a> {
    /// The longest password that a change of password can carry, in bytes: 256 UTF-16 code units.
    pub const MAX_BYTES: usize = 512;

    /// Returns the bytes that are hashed.
    ///
    /// They are as secret as the password.
    #[must_use]
    pub fn bytes(self) -> PasswordBytes<'a> {
        PasswordBytes(match self {
            Self::Text(text) => Inner::Text { units: text.encode_utf16(), high: None },
            Self::Utf16Le(bytes) => Inner::Utf16Le(bytes.iter()),
            Self::WidenedBytes(bytes) => Inner::Widened { bytes: bytes.iter(), zero: false },
        })
    }
}

impl<'a> From<&'a str> for Password<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl core::fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Utf16Le(_) => "Utf16Le(..)",
            Self::WidenedBytes(_) => "WidenedBytes(..)",
        })
    }
}

/// The bytes of a [`Password`], one by one. See [`Password::bytes`].
#[derive(Clone)]
pub struct PasswordBytes<'a>(Inner<'a>);

#[derive(Clone)]
enum Inner<'a> {
    Text { units: core::str::EncodeUtf16<'a>, high: Option<u8> },
    Utf16Le(core::slice::Iter<'a, u8>),
    Widened { bytes: core::slice::Iter<'a, u8>, zero: bool },
}

impl Iterator for PasswordBytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        match &mut self.0 {
            Inner::Text { units, high } => high.take().or_else(|| {
                let [low, next] = units.next()?.to_le_bytes();
                *high = Some(next);
                Some(low)
            }),
            Inner::Utf16Le(bytes) => bytes.next().copied(),
            Inner::Widened { bytes, zero } => {
                if core::mem::take(zero) {
                    return Some(0);
                }
                let byte = bytes.next().copied()?;
                *zero = true;
                Some(byte)
            }
        }
    }
}

impl core::fmt::Debug for PasswordBytes<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PasswordBytes(..)")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_is_utf16le(text in any::<String>()) {
            let expected: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            prop_assert_eq!(&Password::Text(&text).bytes().collect::<Vec<u8>>(), &expected);
            prop_assert_eq!(&Password::Utf16Le(&expected).bytes().collect::<Vec<u8>>(), &expected);
        }

        #[test]
        fn ascii_is_the_same_either_way(text in "[ -~]{0,40}") {
            let widened = Password::WidenedBytes(text.as_bytes());
            prop_assert!(Password::Text(&text).bytes().eq(widened.bytes()));
        }
    }

    #[test]
    fn is_never_printed() {
        let passwords = [Password::Text("secret"), Password::Utf16Le(b"secret"), Password::WidenedBytes(b"secret")];
        for password in passwords {
            let printed = format!("{password:?} {:?}", password.bytes());
            assert!(!printed.contains("secret") && !printed.contains("115"), "{printed}");
        }
    }
}
