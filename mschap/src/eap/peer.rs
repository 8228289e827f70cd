//! The side that has to prove itself.

use super::{End, Request, Response};
use crate::v2::{self, CHALLENGE_LEN, ChangePassword};
use crate::{
    BufferTooSmall, ChallengeResponse, DecodeError, Failure, MasterKey, NamePolicy, Next, NtHash, NtHashHash, Password,
    PasswordError, ProofError, Text,
};

/// The peer of EAP-MSCHAPv2: [`v2::Peer`] in the requests and responses of EAP.
///
/// Give each request to [`handle_request`](Self::handle_request), and answer what it demands, then or later. An error
/// leaves all as it was: the request is dropped. Copies of a request are the EAP layer's matter: it repeats its answer.
///
/// EAP's own Success is to be believed only when [`proved`](Self::proved) has something (RFC 3748 section 4.2): before,
/// the authenticator may be anybody.
///
/// The [module](super) has an example.
#[derive(Debug, Default)]
pub struct Peer {
    stage: Stage,
    /// The last answer that the authenticator has proved itself to. A packet that somebody sends
    /// later takes nothing away.
    proved: Option<Proved>,
    name_policy: NamePolicy,
}

/// Where the peer is, with what each place needs.
#[derive(Debug, Default)]
enum Stage {
    /// Nothing was asked.
    #[default]
    New,
    /// A proof is demanded.
    Challenged(Challenged),
    /// Another proof is demanded, or none: the last one was wrong.
    Retry(Challenged),
    /// A new password is demanded.
    Expired(Challenged),
    /// An answer is on its way.
    Answered { peer: v2::Peer, proof: Proved },
    /// The authenticator has proved itself.
    Proved,
    /// The authenticator has refused, and offers nothing, or nothing that is wanted.
    Refused,
}

/// The source of the next answer.
#[derive(Debug, Clone, Copy)]
struct Challenged {
    identifier: u8,
    challenge: [u8; CHALLENGE_LEN],
}

/// The demand of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demand<'d> {
    /// A proof: [`Peer::prove`]. With `refusal` the last one was wrong and another one may be tried, or
    /// [`Peer::decline`] ends it.
    Proof {
        /// Who asks. Empty after a refusal.
        server: Text<'d>,
        /// How the last proof was refused.
        refusal: Option<Failure<'d>>,
    },
    /// The password has expired: [`Peer::change_password`], or [`Peer::decline`].
    NewPassword(Failure<'d>),
    /// [`Peer::acknowledge`]: it is over but for EAP's own last packet. The authenticator has proved itself, or has
    /// refused for good.
    Acknowledge(End),
}

/// Why a request is dropped, or an answer cannot be given. The peer is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The packet cannot be read.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// It is out of place: a Success or Failure without an answer before it, an operation that authenticators do not have, or
    /// an answer that was not demanded.
    #[error("this does not fit what was asked")]
    NotNow,
    /// The Success does not prove that the authenticator knows the password: it must not be acknowledged.
    #[error(transparent)]
    NoProof(#[from] ProofError),
    /// The new password cannot be sent.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The caller's buffer cannot hold the answer.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
}

/// An answer of the peer, and what its keys are made from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Proved {
    /// The hash of the NT hash.
    pub hash: NtHashHash,
    /// The peer's proof.
    pub nt_response: ChallengeResponse,
}

impl Proved {
    /// Returns the source of MPPE's start keys (RFC 3079 section 3).
    #[must_use]
    pub fn master_key(&self) -> MasterKey {
        MasterKey::new(&self.hash, &self.nt_response)
    }
}

impl Peer {
    /// Returns a peer that nothing was asked of.
    #[must_use]
    pub const fn new() -> Self {
        Self { stage: Stage::New, proved: None, name_policy: NamePolicy::CutBehindLastBackslash }
    }

    /// Sets which part of the name is hashed. Default: [`NamePolicy::CutBehindLastBackslash`].
    #[must_use]
    pub const fn with_name_policy(mut self, policy: NamePolicy) -> Self {
        self.name_policy = policy;
        self
    }

    /// Takes the type-data of a request, and returns what it demands.
    ///
    /// A Challenge is taken at any time: the authenticator may begin again. A proof from before
    /// ([`proved`](Self::proved)) stays until another answer is proved.
    ///
    /// # Errors
    ///
    /// [`PeerError`]: the request is dropped.
    pub fn handle_request<'d>(&mut self, data: &'d [u8]) -> Result<Demand<'d>, PeerError> {
        // Some servers have MS-Length wrong, and EAP's own length bounds all fields.
        match Request::decode_any_length(data)? {
            Request::Challenge { identifier, challenge, name } => {
                // A new challenge begins again, also in the middle: the server may have restarted.
                self.stage = Stage::Challenged(Challenged { identifier, challenge });
                Ok(Demand::Proof { server: name, refusal: None })
            }
            Request::Success { message, .. } => self.handle_success(message),
            Request::Failure { identifier, message } => self.handle_failure(identifier, message),
            Request::Other { .. } => Err(PeerError::NotNow),
        }
    }

    /// RFC 2759 section 5. MS-CHAPv2-ID is not looked at: Microsoft's IAS does not count it, and the proof says more.
    fn handle_success<'d>(&mut self, message: &[u8]) -> Result<Demand<'d>, PeerError> {
        let Stage::Answered { peer, proof } = &self.stage else { return Err(PeerError::NotNow) };
        peer.handle_success(message)?;
        // A copy, since what is moved out is not wiped.
        self.proved = Some(proof.clone());
        self.stage = Stage::Proved;
        Ok(Demand::Acknowledge(End::Accepted))
    }

    /// RFC 2759 section 6.
    fn handle_failure<'d>(&mut self, identifier: u8, message: &'d [u8]) -> Result<Demand<'d>, PeerError> {
        let Stage::Answered { peer, .. } = &self.stage else { return Err(PeerError::NotNow) };
        let refusal = peer.handle_failure(message);
        // The answer to a Failure has the next identifier.
        let identifier = identifier.wrapping_add(1);
        let failure = refusal.failure;
        match refusal.next {
            Next::Retry { challenge } => {
                self.stage = Stage::Retry(Challenged { identifier, challenge });
                Ok(Demand::Proof { server: Text::new(b""), refusal: Some(failure) })
            }
            Next::ChangePassword { challenge, .. } => {
                self.stage = Stage::Expired(Challenged { identifier, challenge });
                Ok(Demand::NewPassword(failure))
            }
            Next::Stop => {
                self.stage = Stage::Refused;
                Ok(Demand::Acknowledge(End::Refused))
            }
        }
    }

    /// Answers [`Demand::Proof`] (RFC 2759 section 4). Writes the type-data of the response to the
    /// start of `buf`.
    ///
    /// `name` is the whole name; what is hashed of it is [set](Self::with_name_policy). `peer_challenge` must be
    /// unpredictable.
    ///
    /// # Errors
    ///
    /// [`PeerError::NotNow`], [`PeerError::BufferTooSmall`].
    pub fn prove<'b>(
        &mut self,
        hash: &NtHash,
        name: &[u8],
        peer_challenge: [u8; CHALLENGE_LEN],
        buf: &'b mut [u8],
    ) -> Result<&'b [u8], PeerError> {
        let (Stage::Challenged(asked) | Stage::Retry(asked)) = self.stage else { return Err(PeerError::NotNow) };
        let Challenged { identifier, challenge } = asked;
        let challenges = v2::Challenges { authenticator: challenge, peer: peer_challenge };
        let (peer, response) = v2::Peer::respond(hash, &challenges, self.name_policy.user(name));
        // Whole, with the domain; only the hash takes it without.
        let packet = Response::Response { identifier, value: &response.encode(), name: Text::new(name) };
        let written = packet.encode(buf)?;
        self.stage = Stage::Answered { peer, proof: Proved { hash: hash.hash(), nt_response: response.nt_response } };
        Ok(written)
    }

    /// Answers [`Demand::NewPassword`] (RFC 2759 section 7). Writes the type-data of the response
    /// to the start of `buf`, for which 586 bytes are enough.
    ///
    /// `name` is that of the Response before. `peer_challenge` and `padding` must be unpredictable.
    ///
    /// # Errors
    ///
    /// [`PeerError::NotNow`], [`PeerError::Password`], [`PeerError::BufferTooSmall`].
    pub fn change_password<'a, 'b, P: Into<Password<'a>>>(
        &mut self,
        old: &NtHash,
        new: P,
        name: &[u8],
        peer_challenge: [u8; CHALLENGE_LEN],
        padding: &[u8; Password::MAX_BYTES],
        buf: &'b mut [u8],
    ) -> Result<&'b [u8], PeerError> {
        let Stage::Expired(Challenged { identifier, challenge }) = self.stage else { return Err(PeerError::NotNow) };
        let new = new.into();
        let challenges = v2::Challenges { authenticator: challenge, peer: peer_challenge };
        let user = self.name_policy.user(name);
        let (peer, change) = v2::Peer::change_password(old, new, &challenges, user, padding)?;
        let packet: [u8; ChangePassword::LEN] = change.encode();
        let written = Response::ChangePassword { identifier, packet: &packet }.encode(buf)?;
        // From here on the proof is made with the new password.
        let hash = NtHash::from_password(new).hash();
        self.stage = Stage::Answered { peer, proof: Proved { hash, nt_response: change.nt_response } };
        Ok(written)
    }

    /// Answers [`Demand::Acknowledge`]. Returns the type-data of the response.
    ///
    /// # Errors
    ///
    /// [`PeerError::NotNow`].
    pub fn acknowledge(&self) -> Result<&'static [u8], PeerError> {
        match self.end().ok_or(PeerError::NotNow)? {
            End::Accepted => Ok(&[super::Operation::SUCCESS.0]),
            End::Refused => Ok(&[super::Operation::FAILURE.0]),
        }
    }

    /// Answers a [`Demand`] of another proof, or of a new password, with a no. Returns the type-data of the response.
    ///
    /// # Errors
    ///
    /// [`PeerError::NotNow`].
    pub fn decline(&mut self) -> Result<&'static [u8], PeerError> {
        match self.stage {
            Stage::Retry(_) | Stage::Expired(_) => {
                self.stage = Stage::Refused;
                self.acknowledge()
            }
            Stage::New | Stage::Challenged(_) | Stage::Answered { .. } | Stage::Proved | Stage::Refused => {
                Err(PeerError::NotNow)
            }
        }
    }

    /// Returns how the method has ended on this side: EAP's own Success or Failure is awaited.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        match self.stage {
            Stage::Proved => Some(End::Accepted),
            Stage::Refused => Some(End::Refused),
            Stage::New | Stage::Challenged(_) | Stage::Retry(_) | Stage::Expired(_) | Stage::Answered { .. } => None,
        }
    }

    /// Returns what keys are made from, of the last answer to which the authenticator has proved itself.
    #[must_use]
    pub const fn proved(&self) -> Option<&Proved> {
        self.proved.as_ref()
    }
}
