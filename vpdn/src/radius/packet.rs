//! RFC 2865 section 3, RFC 2866 section 3, RFC 3579 section 3.2: packets and their proofs.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::attribute::{AttributeKind, Attributes};

/// The kind of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a number of one byte, and nothing else")]
pub struct Code(pub u8);

impl Code {
    /// Access-Request.
    pub const ACCESS_REQUEST: Self = Self(1);
    /// Access-Accept.
    pub const ACCESS_ACCEPT: Self = Self(2);
    /// Access-Reject.
    pub const ACCESS_REJECT: Self = Self(3);
    /// Accounting-Request.
    pub const ACCOUNTING_REQUEST: Self = Self(4);
    /// Accounting-Response.
    pub const ACCOUNTING_RESPONSE: Self = Self(5);
    /// Access-Challenge.
    pub const ACCESS_CHALLENGE: Self = Self(11);

    /// Returns whether a packet of this code answers a request of another one.
    fn answers(self, request: Self) -> bool {
        match request {
            Self::ACCOUNTING_REQUEST => self == Self::ACCOUNTING_RESPONSE,
            _ => matches!(self, Self::ACCESS_ACCEPT | Self::ACCESS_REJECT | Self::ACCESS_CHALLENGE),
        }
    }
}

/// RFC 2865 section 3: Code (1), Identifier (1), Length (2), Authenticator (16).
const HEADER: usize = 20;
/// RFC 2865 section 3: the longest packet.
pub(super) const MAX_PACKET: usize = 4096;
/// RFC 2865 section 5: the longest value of an attribute.
const MAX_VALUE: usize = 253;
/// RFC 2865 section 5.2: the longest password.
const MAX_PASSWORD: usize = 128;

/// An attribute has no room for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("attribute {} has {length} bytes, at most {MAX_VALUE} fit", kind.0)]
pub struct TooLong {
    kind: AttributeKind,
    length: usize,
}

/// A request that is not sent yet: the same for each server.
#[derive(Clone)]
pub struct Request {
    code: Code,
    /// Whole attributes, one behind the other.
    attributes: Vec<u8>,
    /// It is hidden for each server with the server's secret.
    password: Option<Zeroizing<Vec<u8>>>,
    /// The only server that can answer.
    server: Option<ServerNumber>,
}

/// Names one of the servers of a client: a conversation goes on with the server that it began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerNumber(pub(super) usize);

impl Request {
    /// Asks whether somebody may come in.
    #[must_use]
    pub const fn access() -> Self {
        Self { code: Code::ACCESS_REQUEST, attributes: Vec::new(), password: None, server: None }
    }

    /// Reports an account.
    #[must_use]
    pub const fn accounting() -> Self {
        Self { code: Code::ACCOUNTING_REQUEST, attributes: Vec::new(), password: None, server: None }
    }

    /// Adds an attribute.
    ///
    /// # Errors
    ///
    /// [`TooLong`]: more than 253 bytes.
    pub fn add(&mut self, kind: AttributeKind, value: &[u8]) -> Result<(), TooLong> {
        let too_long = TooLong { kind, length: value.len() };
        let length = value.len().checked_add(2).and_then(|length| u8::try_from(length).ok()).ok_or(too_long)?;
        self.attributes.extend([kind.0, length]);
        self.attributes.extend(value);
        Ok(())
    }

    /// Adds an attribute whose value is a number.
    pub fn add_number(&mut self, kind: AttributeKind, value: u32) {
        self.attributes.extend([kind.0, 6]);
        self.attributes.extend(value.to_be_bytes());
    }

    /// Adds an attribute whose value is a text; what is too long is cut.
    pub fn add_text(&mut self, kind: AttributeKind, text: &str) {
        let mut end = text.len().min(MAX_VALUE);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let text = text.get(..end).unwrap_or_default();
        // A text that was cut fits.
        let added = self.add(kind, text.as_bytes());
        debug_assert!(added.is_ok(), "{added:?}");
    }

    /// Adds an attribute of Microsoft (RFC 2548).
    ///
    /// # Errors
    ///
    /// [`mschap::radius::EncodeError`]: a value is too long.
    pub fn add_microsoft(
        &mut self,
        attribute: &mschap::radius::Attribute<'_>,
    ) -> Result<(), mschap::radius::EncodeError> {
        self.attributes.extend(attribute.encode(&mut [0; mschap::radius::Attribute::MAX_LEN])?);
        Ok(())
    }

    /// Adds a packet of EAP, in pieces of at most 253 bytes (RFC 3579 section 3.1).
    pub fn add_eap(&mut self, packet: &[u8]) {
        for piece in packet.chunks(MAX_VALUE) {
            // A piece fits.
            let added = self.add(AttributeKind::EAP_MESSAGE, piece);
            debug_assert!(added.is_ok(), "{added:?}");
        }
    }

    /// Goes on with the server that has sent a challenge (RFC 2865 section 5.24). No other one is asked.
    pub fn to_server(&mut self, server: ServerNumber) {
        self.server = Some(server);
    }

    pub(super) const fn server(&self) -> Option<ServerNumber> {
        self.server
    }

    /// Adds the password, which is hidden on the way (RFC 2865 section 5.2). A password longer than
    /// 128 bytes is cut, and then no server finds it right.
    pub fn add_password(&mut self, password: &[u8]) {
        let password = password.get(..MAX_PASSWORD).unwrap_or(password);
        self.password = Some(Zeroizing::new(password.to_vec()));
    }

    /// Returns whether it reports an account.
    #[must_use]
    pub fn is_accounting(&self) -> bool {
        self.code == Code::ACCOUNTING_REQUEST
    }

    /// Makes the packet for a server. `random` must be unpredictable; `delay` is how many seconds ago what is
    /// reported happened.
    pub(super) fn sign(&self, identifier: u8, secret: &[u8], random: [u8; 16], delay: u32) -> Sent {
        // RFC 3579 section 3.2, and draft-ietf-radext-deprecating-radius: the signature is the first attribute, so that
        // an attacker cannot put anything that is chosen in front of it.
        let mut attributes = vec![AttributeKind::MESSAGE_AUTHENTICATOR.0, 18];
        attributes.extend([0; 16]);
        attributes.extend(&self.attributes);
        if let Some(password) = &self.password {
            let hidden = hide(password, secret, random);
            attributes.push(AttributeKind::USER_PASSWORD.0);
            attributes.push(u8::try_from(hidden.len()).unwrap_or(u8::MAX).saturating_add(2));
            attributes.extend(&*hidden);
        }
        if self.is_accounting() {
            attributes.extend([AttributeKind::ACCT_DELAY_TIME.0, 6]);
            attributes.extend(delay.to_be_bytes());
        }
        let length = u16::try_from(attributes.len().saturating_add(HEADER)).unwrap_or(u16::MAX).to_be_bytes();
        let head = [[self.code.0, identifier], length].concat();
        // RFC 2866 section 3: what makes up an account's authenticator is the request itself, with zeros in its place.
        let mut authenticator = if self.is_accounting() { [0; 16] } else { random };
        let signature = keyed_hash(secret, &[&head, &authenticator, &attributes]);
        if let Some((_, value)) = attributes.split_at_mut_checked(2) {
            value.iter_mut().zip(signature).for_each(|(to, from)| *to = from);
        }
        if self.is_accounting() {
            authenticator = hash(&[&head, &[0; 16], &attributes, secret]);
        }
        Sent { code: self.code, identifier, authenticator, bytes: [&head[..], &authenticator, &attributes].concat() }
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("code", &self.code).finish_non_exhaustive()
    }
}

/// A request as it was sent to a server.
pub(super) struct Sent {
    code: Code,
    identifier: u8,
    authenticator: [u8; 16],
    bytes: Vec<u8>,
}

impl Sent {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads the reply to this request, and proves that it comes from somebody who knows the secret.
    pub(super) fn reply(&self, bytes: &[u8], secret: &[u8], must_be_signed: bool) -> Result<Reply, ReplyError> {
        let (&[code, identifier, high, low], _) = bytes.split_first_chunk().ok_or(ReplyError::Malformed)?;
        // RFC 2865 section 3: what is behind the length is padding.
        let bytes = bytes.get(..u16::from_be_bytes([high, low]).into()).ok_or(ReplyError::Malformed)?;
        let (head, attributes) = bytes.split_at_checked(HEADER).ok_or(ReplyError::Malformed)?;
        let (head, authenticator) = head.split_first_chunk::<4>().ok_or(ReplyError::Malformed)?;
        if identifier != self.identifier || !Code(code).answers(self.code) {
            return Err(ReplyError::NotAsked);
        }
        let mut all = Attributes::new(attributes);
        let (mut signature, mut cleared, mut has_eap) = (None, attributes.to_vec(), false);
        while let Some((kind, value)) = all.next() {
            has_eap |= kind == AttributeKind::EAP_MESSAGE;
            if kind != AttributeKind::MESSAGE_AUTHENTICATOR {
                continue;
            }
            // Two signatures, or one that is no signature, prove nothing.
            let value: &[u8; 16] = value.try_into().map_err(|_| ReplyError::Malformed)?;
            if signature.replace(value).is_some() {
                return Err(ReplyError::Malformed);
            }
            // RFC 3579 section 3.2: the signature is over the packet with zeros in its place.
            let end = attributes.len().saturating_sub(all.rest().len());
            let place = cleared.get_mut(end.saturating_sub(value.len())..end);
            if let Some(place) = place {
                place.fill(0);
            }
        }
        if !all.rest().is_empty() {
            return Err(ReplyError::Malformed);
        }
        let expected = hash(&[head, &self.authenticator, attributes, secret]);
        let mut is_genuine = expected.ct_eq(authenticator);
        match signature {
            Some(signature) => {
                let expected = keyed_hash(secret, &[head, &self.authenticator, &cleared]);
                is_genuine &= expected.ct_eq(signature);
            }
            // RFC 3579 section 3.1: EAP is always signed.
            None if (must_be_signed || has_eap) && self.code == Code::ACCESS_REQUEST => {
                return Err(ReplyError::NotSigned);
            }
            None => {}
        }
        if !bool::from(is_genuine) {
            return Err(ReplyError::NotGenuine);
        }
        let attributes = attributes.to_vec();
        Ok(Reply { code: Code(code), attributes, authenticator: self.authenticator, secret: secret.to_vec().into() })
    }
}

/// A reply that is genuine.
#[derive(Clone)]
pub struct Reply {
    code: Code,
    attributes: Vec<u8>,
    authenticator: [u8; 16],
    secret: Zeroizing<Vec<u8>>,
}

impl Reply {
    /// Returns what it is.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Returns the values of the attributes of a type.
    pub fn values(&self, wanted: AttributeKind) -> impl Iterator<Item = &[u8]> {
        Attributes::new(&self.attributes).filter(move |(kind, _)| *kind == wanted).map(|(_, value)| value)
    }

    /// Returns the packet of EAP, put together from its pieces (RFC 3579 section 3.1). Empty without any.
    #[must_use]
    pub fn eap(&self) -> Vec<u8> {
        self.values(AttributeKind::EAP_MESSAGE).flatten().copied().collect()
    }

    /// Returns the number in the first attribute of a type. `None`: it is missing, or it is not of
    /// four bytes.
    #[must_use]
    pub fn number(&self, wanted: AttributeKind) -> Option<u32> {
        self.values(wanted).next().and_then(|value| value.try_into().ok()).map(u32::from_be_bytes)
    }

    /// Returns the authenticator of the request: RFC 2548 hides keys with it.
    #[must_use]
    pub const fn request_authenticator(&self) -> &[u8; 16] {
        &self.authenticator
    }

    /// Returns what the keys of Microsoft in this reply were hidden with (RFC 2548).
    #[must_use]
    pub fn hiding(&self) -> mschap::radius::Hiding<'_> {
        mschap::radius::Hiding::new(&self.secret, &self.authenticator)
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("code", &self.code).finish_non_exhaustive()
    }
}

/// Why a datagram is not taken for a reply. The question stays open: a forger changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// A length is wrong.
    #[error("a RADIUS packet that cannot be read")]
    Malformed,
    /// Nothing is open that it could answer.
    #[error("an answer to what was not asked")]
    NotAsked,
    /// It has no Message-Authenticator.
    #[error("an answer without Message-Authenticator, which has to be there (CVE-2024-3596)")]
    NotSigned,
    /// Its author does not know the secret.
    #[error("an answer that is not genuine: do both sides have the same secret?")]
    NotGenuine,
}

/// Hides a password of at most 128 bytes (RFC 2865 section 5.2).
fn hide(password: &[u8], secret: &[u8], authenticator: [u8; 16]) -> Zeroizing<Vec<u8>> {
    let mut padded = Zeroizing::new(password.to_vec());
    padded.resize(password.len().max(1).next_multiple_of(16), 0);
    let mut last = authenticator;
    for block in padded.chunks_exact_mut(16) {
        let pad = hash(&[secret, &last]);
        block.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        last.iter_mut().zip(&*block).for_each(|(to, from)| *to = *from);
    }
    padded
}

pub(super) fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part);
    }
    md5.finalize().into()
}

pub(super) fn keyed_hash(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    // HMAC takes a key of any length: RFC 2104 section 3.
    let Ok(mut hmac) = <Hmac<Md5> as KeyInit>::new_from_slice(key) else { return [0; 16] };
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
pub(super) mod tests;
