//! The Message field of a Failure packet.

use crate::write::{Writer, hex, unhex, write};
use crate::{BufferTooSmall, FailureCode, Text};

/// RFC 2433 section 8, RFC 2759 section 6: the Message field of a Failure packet.
///
/// A Failure is a failure whatever its text says, so reading never fails: a field that is missing, or that cannot be
/// read, is `None`. Fields may be in any order; `M=` takes all that is behind it; what is not known is ignored.
///
/// ```
/// use mschap::{Failure, FailureChallenge, FailureCode};
///
/// let failure =
///     Failure::decode(b"E=691 R=1 C=5713c8efe4d4ecde6801bac6a652009f V=3 M=Access denied");
/// assert_eq!(failure.code, Some(FailureCode::AUTHENTICATION_FAILURE));
/// assert!(failure.retry_allowed());
/// assert!(matches!(failure.challenge, Some(FailureChallenge::V2([0x57, 0x13, ..]))));
/// assert_eq!(failure.version, Some(3));
/// assert_eq!(failure.message.unwrap().to_string(), "Access denied");
///
/// let mut buf = [0; 128];
/// assert_eq!(
///     failure.encode(&mut buf)?,
///     b"E=691 R=1 C=5713C8EFE4D4ECDE6801BAC6A652009F V=3 M=Access denied"
/// );
///
/// // What pppd says to an unknown user: nothing.
/// let failure = Failure::decode(b"");
/// assert_eq!(failure, Failure::default());
/// assert!(!failure.retry_allowed());
/// # Ok::<(), mschap::BufferTooSmall>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Failure<'a> {
    /// `E=`: why.
    pub code: Option<FailureCode>,
    /// `R=`: whether the peer may try again. `Some(true)` is no promise: pppd says so and then hangs up.
    pub retry: Option<bool>,
    /// `C=`: the challenge that the next response, or the password change, answers.
    ///
    /// Version 1: when missing, that is [`v1::implied_challenge`](crate::v1::implied_challenge). Version 2: it must be
    /// there.
    pub challenge: Option<FailureChallenge>,
    /// `V=`: the version of the password change that the authenticator knows: 3 in MS-CHAP version 2; 1 when missing.
    pub version: Option<u32>,
    /// `M=`: text for people. Only version 2 has it.
    pub message: Option<Text<'a>>,
}

/// The challenge in a Failure message: as long as the challenges of its version of MS-CHAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "there are two versions")]
pub enum FailureChallenge {
    /// RFC 2433: 8 bytes, 16 digits.
    V1([u8; 8]),
    /// RFC 2759: 16 bytes, 32 digits.
    V2([u8; 16]),
}

impl<'a> Failure<'a> {
    /// Reads a message, whatever it is.
    #[must_use]
    pub fn decode(message: &'a [u8]) -> Self {
        let mut failure = Self::default();
        let mut rest = message.trim_ascii_start();
        // Peers leave fields out, and add words of their own: each is found by its letter, wherever
        // it stands.
        while let [key, tail @ ..] = rest {
            let (Some(value), b'E' | b'R' | b'C' | b'V' | b'M') = (tail.strip_prefix(b"="), key) else {
                rest = behind_word(rest);
                continue;
            };
            // RFC 2759 section 6 puts M= last, and its text may contain anything, also other
            // fields.
            if *key == b'M' {
                failure.message = Some(Text::new(value));
                break;
            }
            let (value, behind) = split_digits(value, *key == b'C');
            match key {
                // The first one counts, so that text behind it cannot change the decision.
                b'E' => failure.code = failure.code.or(decimal(value).map(FailureCode)),
                b'R' => failure.retry = failure.retry.or(flag(value)),
                b'C' => failure.challenge = failure.challenge.or_else(|| FailureChallenge::from_digits(value)),
                _ => failure.version = failure.version.or(decimal(value)),
            }
            rest = behind.trim_ascii_start();
        }
        failure
    }

    /// Returns whether the peer may answer again: `R=1`.
    #[must_use]
    pub fn retry_allowed(&self) -> bool {
        self.retry == Some(true)
    }

    /// Writes the message to the start of `buf`, and gives the bytes written: the fields that there
    /// are, in the order of the RFC, with upper-case digits.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`].
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        write(buf, |writer| self.put(writer))
    }

    fn put(&self, writer: &mut Writer<'_>) {
        let mut separator: &[u8] = b"";
        let mut key = |writer: &mut Writer<'_>, key: &[u8]| {
            writer.put_slice(core::mem::replace(&mut separator, b" "));
            writer.put_slice(key);
        };
        if let Some(code) = self.code {
            key(writer, b"E=");
            writer.put_decimal(code.0);
        }
        if let Some(retry) = self.retry {
            key(writer, b"R=");
            writer.put_decimal(u32::from(retry));
        }
        // accel-ppp leaves C= out. RFC 2759 wants it, so version 2 always has one here.
        if let Some(challenge) = &self.challenge {
            key(writer, b"C=");
            writer.put(hex(challenge.as_bytes()));
        }
        if let Some(version) = self.version {
            key(writer, b"V=");
            writer.put_decimal(version);
        }
        if let Some(text) = self.message {
            key(writer, b"M=");
            writer.put_slice(text.as_bytes());
        }
    }
}

impl FailureChallenge {
    /// Returns the bytes: 8 or 16.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V1(challenge) => challenge,
            Self::V2(challenge) => challenge,
        }
    }

    fn from_digits(digits: &[u8]) -> Option<Self> {
        unhex(digits).map(Self::V1).or_else(|| unhex(digits).map(Self::V2))
    }
}

/// Returns what is behind the word at the start of `text`, and behind the blanks that follow it.
fn behind_word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(u8::is_ascii_whitespace);
    end.and_then(|end| text.get(end..)).unwrap_or(&[]).trim_ascii_start()
}

fn split_digits(text: &[u8], hexadecimal: bool) -> (&[u8], &[u8]) {
    let is_digit = |byte: &u8| if hexadecimal { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
    let end = text.iter().position(|byte| !is_digit(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

fn decimal(digits: &[u8]) -> Option<u32> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

fn flag(digits: &[u8]) -> Option<bool> {
    match digits {
        b"0" => Some(false),
        b"1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use alloc::{format, vec};

    use proptest::prelude::*;

    use super::*;

    fn any_failure(text: Option<&[u8]>) -> impl Strategy<Value = Failure<'_>> {
        let challenge = prop_oneof![
            Just(None),
            any::<[u8; 8]>().prop_map(|bytes| Some(FailureChallenge::V1(bytes))),
            any::<[u8; 16]>().prop_map(|bytes| Some(FailureChallenge::V2(bytes))),
        ];
        (any::<Option<u32>>(), any::<Option<bool>>(), challenge, any::<Option<u32>>()).prop_map(
            move |(code, retry, challenge, version)| Failure {
                code: code.map(FailureCode),
                retry,
                challenge,
                version,
                message: text.map(Text::new),
            },
        )
    }

    proptest! {
        #[test]
        fn round_trips(failure in any_failure(None), text in any::<Option<Vec<u8>>>()) {
            let failure = Failure { message: text.as_deref().map(Text::new), ..failure };
            let mut buf = [0; 256];
            let message = failure.encode(&mut buf).unwrap();
            prop_assert_eq!(Failure::decode(message), failure);
        }

        #[test]
        fn order_and_blanks_do_not_matter(failure in any_failure(None), order in Just(vec![0, 1, 2, 3]).prop_shuffle(), blanks in "[ \t]{1,3}") {
            let mut buf = [0; 256];
            let message = failure.encode(&mut buf).unwrap();
            let fields: Vec<&[u8]> = message.split(|byte| *byte == b' ').collect();
            let mut shuffled = blanks.clone().into_bytes();
            for place in order {
                if let Some(field) = fields.get(place) {
                    shuffled.extend_from_slice(field);
                    shuffled.extend_from_slice(blanks.as_bytes());
                }
            }
            prop_assert_eq!(Failure::decode(&shuffled), failure);
        }

        #[test]
        fn decodes_anything(message in any::<Vec<u8>>(), likely in "[ERCVM=0-9A-F ]{0,60}") {
            for message in [&message[..], likely.as_bytes()] {
                let failure = Failure::decode(message);
                let mut buf = [0; 512];
                let again = failure.encode(&mut buf).unwrap();
                prop_assert_eq!(Failure::decode(again), failure);
            }
        }
    }

    #[test]
    fn numbers_end_at_the_first_byte_that_is_no_decimal_digit() {
        let failure = Failure::decode(b"E=691a R=1 V=3f");
        assert_eq!((failure.code, failure.version), (Some(FailureCode(691)), Some(3)));
    }

    /// RFC 2433 section 8, RFC 2759 section 6.
    #[test]
    fn the_six_codes_of_the_rfcs_are_described() {
        let listed = [646, 647, 648, 649, 691, 709];
        for code in 640..720 {
            let description = FailureCode(code).description();
            assert_eq!(description.is_some(), listed.contains(&code), "{code}");
        }
        assert_eq!(FailureCode(646).description(), Some("the account may not log in at this hour"));
        assert_eq!(FailureCode(691).description(), Some("wrong user name or password"));
    }

    #[test]
    fn real_and_printed_messages() {
        let e691 = Failure { code: Some(FailureCode(691)), ..Failure::default() };
        let old = [0x57, 0x13, 0xc8, 0xef, 0xe4, 0xd4, 0xec, 0xde, 0x68, 0x01, 0xba, 0xc6, 0xa6, 0x52, 0x00, 0x9f];
        let (yes, no) = (Some(true), Some(false));
        for (message, expected) in [
            // RFC 2433 section B.1.
            ("E=691 R=0", Failure { retry: no, ..e691 }),
            ("E=691 R=1", Failure { retry: yes, ..e691 }),
            (
                "E=648 R=0 V=2",
                Failure { code: Some(FailureCode(648)), retry: no, version: Some(2), ..Failure::default() },
            ),
            // Seen of real authenticators, the last two of pppd and accel-ppp.
            ("E=691 R=0 ", Failure { retry: no, ..e691 }),
            (
                "E=691 R=1 C=5713c8efe4d4ecde6801bac6a652009f V=0 M=Access denied",
                Failure {
                    retry: yes,
                    challenge: Some(FailureChallenge::V2(old)),
                    version: Some(0),
                    message: Some("Access denied".into()),
                    ..e691
                },
            ),
            (
                "E=691 R=0 V=3 M=Authentication failure",
                Failure { retry: no, version: Some(3), message: Some("Authentication failure".into()), ..e691 },
            ),
            // Version 1.
            (
                "E=691 R=1 C=5713C8EFE4D4ECDE V=0",
                Failure {
                    retry: yes,
                    challenge: Some(FailureChallenge::V1(*old.first_chunk().unwrap())),
                    version: Some(0),
                    ..e691
                },
            ),
        ] {
            assert_eq!(Failure::decode(message.as_bytes()), expected, "{message}");
        }
    }

    #[test]
    fn unreadable_fields_are_absent() {
        let nothing = Failure::default();
        for message in [
            "",
            " ",
            "Access denied",
            "E",
            "E=",
            "E= R= C= V=",
            "E=x",
            "E=4294967296",
            "R=2",
            "R=01",
            "V=-1",
            "E:691",
            "C=5713c8efe4d4ecd",
            "C=5713c8efe4d4ecde6",
            "C=5713c8efe4d4ecde6801bac6a652009",
            "c=00",
            "e=691",
            "==",
            "=691",
        ] {
            assert_eq!(Failure::decode(message.as_bytes()), nothing, "{message}");
        }
        // The first of two counts, text takes the rest, words in between do not matter.
        let failure = Failure::decode(b"E=691 E=648 hello X=1 R=1V=3M=E=1 R=0 ");
        let expected = Failure {
            code: Some(FailureCode(691)),
            retry: Some(true),
            challenge: None,
            version: Some(3),
            message: Some("E=1 R=0 ".into()),
        };
        assert_eq!(failure, expected);
    }

    #[test]
    fn text_is_printed_escaped() {
        let failure = Failure::decode(b"E=647 M=\x1b[2J\n\xff");
        for printed in [format!("{failure:?}"), failure.message.unwrap().to_string()] {
            assert!(printed.contains(r"\x1b[2J\n\xff"), "{printed}");
        }
    }

    #[test]
    fn short_buffers_are_named() {
        let failure = Failure { code: Some(FailureCode(691)), retry: Some(false), ..Failure::default() };
        for available in 0..9 {
            let mut buf = [0; 9];
            let error = failure.encode(&mut buf[..available]).unwrap_err();
            assert_eq!((error, buf), (BufferTooSmall { needed: 9, available }, [0; 9]));
        }
    }
}
