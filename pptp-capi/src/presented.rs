//! The proof that a client presents to a server.

use core::ffi::c_char;

use ppp_session::ppp::auth::Presented as Proof;

use crate::error::Error;

/// The proof of a client: the question of `PPTP_EVENT_KIND_AUTHENTICATE`. The bytes are what a
/// RADIUS server needs.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct Presented {
    /// One of `enum pptp_auth_method`; 0 for something else, which can only be refused.
    pub method: u32,
    /// The identifier of the packet.
    pub identifier: u8,
    /// Bytes of `name`, without the zero behind them.
    pub name_length: u16,
    /// Bytes of `challenge`: 8 or 16 of MS-CHAP, any number of CHAP, 0 of PAP.
    pub challenge_length: u16,
    /// Bytes of `response`: 49 of MS-CHAP, 16 of CHAP, those of the password of PAP.
    pub response_length: u16,
    /// The name that the client claims, as it came, with a zero behind it.
    pub name: [c_char; 257],
    /// The challenge that was sent.
    pub challenge: [u8; 256],
    /// The response; of PAP, the password.
    pub response: [u8; 256],
}

impl Presented {
    const EMPTY: Self = Self {
        method: 0,
        identifier: 0,
        name_length: 0,
        challenge_length: 0,
        response_length: 0,
        name: [0; 257],
        challenge: [0; 256],
        response: [0; 256],
    };

    #[expect(clippy::wildcard_enum_match_arm, reason = "other proofs have no number, and can be refused")]
    pub(crate) fn new(proof: &Proof<'_>) -> Result<Self, Error> {
        let mut all = Self::EMPTY;
        let (challenge, response): (&[u8], &[u8]) = match *proof {
            Proof::Pap { ref password, .. } => {
                all.method = 1;
                (&[], password.as_bytes())
            }
            Proof::Md5 { identifier, challenge, response, .. } => {
                all.method = 2;
                all.identifier = identifier;
                (challenge, response)
            }
            Proof::MsChap { version, identifier, challenge, response, .. } => {
                all.method = if version == 1 { 3 } else { 4 };
                all.identifier = identifier;
                (challenge, response)
            }
            _ => (&[], &[]),
        };
        let name = proof.name().map_or(&[][..], |name| name.0);
        // The last byte of the name is for the zero.
        if name.len() >= all.name.len() {
            return Err(Error::Text);
        }
        all.name_length = u16::try_from(name.len()).map_err(|_| Error::Text)?;
        for (to, from) in all.name.iter_mut().zip(name) {
            *to = c_char::from_ne_bytes([*from]);
        }
        all.challenge_length = fill(&mut all.challenge, challenge)?;
        all.response_length = fill(&mut all.response, response)?;
        Ok(all)
    }
}

/// Copies bytes to the start of a field, and returns how many.
fn fill(field: &mut [u8], bytes: &[u8]) -> Result<u16, Error> {
    let room = field.get_mut(..bytes.len()).ok_or(Error::TooLong)?;
    room.copy_from_slice(bytes);
    u16::try_from(bytes.len()).map_err(|_| Error::TooLong)
}
