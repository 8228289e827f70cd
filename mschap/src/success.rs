//! The Message field of a Success packet.

use crate::authenticator_response::AuthenticatorResponse;
use crate::write::{unhex, write};
use crate::{BufferTooSmall, DecodeError, Text};

/// RFC 2433 section 7, RFC 2759 section 5: the Message field of a Success packet.
///
/// Version 2 has the authenticator's proof in it, which the peer must check; version 1 has text alone. All spellings
/// in use are read:
///
/// ```
/// use mschap::{Success, Text};
///
/// let proof = "S=407A5589115FD0D6209F510FE9C04566932CDA56";
/// for (message, text) in [
///     (format!("{proof} M=Access granted"), Some("Access granted")), // pppd, accel-ppp
///     (format!("{proof}M=Access granted"), Some("Access granted")),  // Windows Server 2019
///     (proof.to_string(), None),                                     // npppd
///     (format!("{proof} M="), Some("")),
/// ] {
///     let success = Success::decode(message.as_bytes())?;
///     assert_eq!(success.authenticator_response.unwrap().as_bytes()[..2], [0x40, 0x7a]);
///     assert_eq!(success.message, text.map(Text::from));
/// }
///
/// // Version 1: nothing but text.
/// let success = Success::decode(b"Access granted")?;
/// assert!(success.authenticator_response.is_none());
/// assert_eq!(success.message, Some(Text::from("Access granted")));
/// # Ok::<(), mschap::DecodeError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Success<'a> {
    /// `S=`: the authenticator's proof. A version 2 peer ends the session when it is missing or not the right one.
    pub authenticator_response: Option<AuthenticatorResponse>,
    /// `M=`: text for people. Without `S=`, the whole message.
    pub message: Option<Text<'a>>,
}

impl<'a> Success<'a> {
    const RESPONSE: &'static [u8] = b"S=";
    const MESSAGE: &'static [u8] = b"M=";

    /// Reads a message. The digits may be of either case. Behind them, anything that is not `M=` is ignored.
    ///
    /// # Errors
    ///
    /// [`DecodeError::AuthenticatorResponse`] when `S=` is there and 40 hexadecimal digits, no more and no less, are
    /// not.
    pub fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        // RFC 2433 section 7 has only text. In version 2 the proof is then missing, and the caller
        // ends the session.
        let Some(rest) = message.strip_prefix(Self::RESPONSE) else {
            return Ok(Self::text(message));
        };
        // One digit more than fits, so that a longer run is noticed.
        let limit = AuthenticatorResponse::DIGITS.saturating_add(1);
        let digits = rest.iter().take(limit).take_while(|byte| byte.is_ascii_hexdigit()).count();
        let proof = rest.get(..digits).and_then(unhex).map(AuthenticatorResponse::from_bytes);
        let (Some(proof), Some(rest)) = (proof, rest.get(digits..)) else {
            return Err(DecodeError::AuthenticatorResponse { digits });
        };
        // Windows Server 2019 leaves out the space before M= (ppp-project/ppp#156), and npppd the
        // whole of it.
        let text = rest.trim_ascii_start().strip_prefix(Self::MESSAGE).map(Text::new);
        Ok(Self { authenticator_response: Some(proof), message: text })
    }

    /// Creates the message of version 1: text alone, or nothing.
    pub(crate) fn text(message: &'a [u8]) -> Self {
        Self { authenticator_response: None, message: (!message.is_empty()).then_some(Text::new(message)) }
    }

    /// Writes the message to the start of `buf`, and returns the bytes written. It is `S=` with
    /// upper-case digits, a blank and `M=` if there is text; without a proof, it is the text alone.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`].
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        write(buf, |writer| {
            if let Some(proof) = &self.authenticator_response {
                writer.put(proof.to_text());
            }
            if let Some(text) = self.message {
                if self.authenticator_response.is_some() {
                    writer.put_slice(b" ");
                    writer.put_slice(Self::MESSAGE);
                }
                writer.put_slice(text.as_bytes());
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const PROOF: &[u8] = b"S=407A5589115FD0D6209F510FE9C04566932CDA56";

    proptest! {
        #[test]
        fn round_trips(proof in any::<[u8; 20]>(), text in any::<Option<Vec<u8>>>()) {
            let proof = AuthenticatorResponse::from_bytes(proof);
            let success = Success {
                authenticator_response: Some(proof.clone()),
                message: text.as_deref().map(Text::new),
            };
            let mut buf = [0; 256];
            let message = success.encode(&mut buf).unwrap();
            let read = Success::decode(message).unwrap();
            prop_assert!(read.authenticator_response.unwrap().ct_eq(&proof));
            prop_assert_eq!(read.message, success.message);
        }

        #[test]
        fn decodes_anything(message in any::<Vec<u8>>()) {
            let with_prefix = [b"S=", &message[..]].concat();
            for message in [message, with_prefix] {
                if let Ok(success) = Success::decode(&message) {
                    prop_assert_eq!(success.authenticator_response.is_some(), message.starts_with(b"S="));
                }
            }
        }
    }

    #[test]
    fn every_other_number_of_digits_is_refused() {
        for length in 2..PROOF.len() {
            let error = Success::decode(&PROOF[..length]).unwrap_err();
            assert_eq!(error, DecodeError::AuthenticatorResponse { digits: length - 2 });
        }
        let long = [PROOF, b"0"].concat();
        assert_eq!(Success::decode(&long).unwrap_err(), DecodeError::AuthenticatorResponse { digits: 41 });
        let longer = [PROOF, b"00 M=x"].concat();
        assert_eq!(Success::decode(&longer).unwrap_err(), DecodeError::AuthenticatorResponse { digits: 41 });
    }

    #[test]
    fn either_case_is_read_and_upper_case_written() {
        let success = Success::decode(b"S=407a5589115fd0d6209f510fe9c04566932cda56 M=").unwrap();
        let mut buf = [0; 64];
        assert_eq!(success.encode(&mut buf).unwrap(), [PROOF, b" M="].concat());
    }

    #[test]
    fn short_buffers_are_named() {
        let success = Success::decode(PROOF).unwrap();
        for available in 0..PROOF.len() {
            let error = success.encode(&mut [0; 42][..available]).unwrap_err();
            assert_eq!(error, BufferTooSmall { needed: 42, available });
        }
    }

    #[test]
    fn an_empty_message_has_nothing() {
        let success = Success::decode(b"").unwrap();
        assert!(success.authenticator_response.is_none() && success.message.is_none());
    }
}
