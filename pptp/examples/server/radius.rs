//! RFC 2865, RFC 3579: as much of RADIUS as a client needs that asks whether somebody may come in.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

/// RFC 2865 section 4: codes.
pub const ACCESS_ACCEPT: u8 = 2;
pub const ACCESS_REJECT: u8 = 3;
const ACCESS_REQUEST: u8 = 1;

/// RFC 2865 section 5, RFC 3579 section 3.2: types of attributes.
pub const USER_NAME: u8 = 1;
pub const CHAP_PASSWORD: u8 = 3;
pub const NAS_IP_ADDRESS: u8 = 4;
pub const SERVICE_TYPE: u8 = 6;
pub const FRAMED_PROTOCOL: u8 = 7;
pub const REPLY_MESSAGE: u8 = 18;
pub const VENDOR_SPECIFIC: u8 = 26;
pub const CALLING_STATION_ID: u8 = 31;
pub const CHAP_CHALLENGE: u8 = 60;
pub const NAS_PORT_TYPE: u8 = 61;
const USER_PASSWORD: u8 = 2;
const MESSAGE_AUTHENTICATOR: u8 = 80;

/// Code, Identifier, Length, Authenticator.
const HEADER: usize = 20;
/// Where the value of the Message-Authenticator of our requests is: it is the first attribute.
const SIGNATURE: std::ops::Range<usize> = HEADER + 2..HEADER + 18;

/// RFC 2865 section 3: an Access-Request.
pub struct Request {
    octets: Vec<u8>,
    authenticator: [u8; 16],
}

impl Request {
    /// A request; `authenticator` must be unpredictable.
    pub fn new(identifier: u8, authenticator: [u8; 16]) -> Self {
        let mut octets = vec![ACCESS_REQUEST, identifier, 0, 0];
        octets.extend(authenticator);
        let mut request = Self { octets, authenticator };
        request.add(MESSAGE_AUTHENTICATOR, &[0; 16]);
        request
    }

    /// What hides the keys in the reply.
    pub fn authenticator(&self) -> &[u8; 16] {
        &self.authenticator
    }

    /// Adds an attribute; a value of more than 253 octets is cut.
    pub fn add(&mut self, kind: u8, value: &[u8]) {
        let value = value.get(..253).unwrap_or(value);
        self.octets.extend([kind, u8::try_from(value.len() + 2).unwrap_or(u8::MAX)]);
        self.octets.extend(value);
    }

    /// Adds an attribute of Microsoft, whole.
    pub fn add_whole(&mut self, attribute: &[u8]) {
        self.octets.extend(attribute);
    }

    /// RFC 2865 section 5.2: adds a password of at most 128 octets, hidden.
    pub fn add_password(&mut self, password: &[u8], secret: &[u8]) {
        let mut hidden = Vec::new();
        let mut last = self.authenticator;
        for block in password.get(..128).unwrap_or(password).chunks(16) {
            let pad = Md5::new().chain_update(secret).chain_update(last).finalize();
            for (octet, pad) in last.iter_mut().zip(block.iter().copied().chain(std::iter::repeat(0)).zip(pad)) {
                *octet = pad.0 ^ pad.1;
            }
            hidden.extend(last);
        }
        if hidden.is_empty() {
            hidden.extend(Md5::new().chain_update(secret).chain_update(last).finalize());
        }
        self.add(USER_PASSWORD, &hidden);
    }

    /// Closes the request: its length, its signature. The octets to send.
    pub fn finish(&mut self, secret: &[u8]) -> &[u8] {
        let length = u16::try_from(self.octets.len()).unwrap_or(u16::MAX);
        set(&mut self.octets, 2..4, &length.to_be_bytes());
        let signature = hmac(secret, &[&self.octets]);
        set(&mut self.octets, SIGNATURE, &signature);
        &self.octets
    }

    /// The octets to send, once more.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Reads the reply to this request. `None`: it is none, or of somebody who does not know the secret.
    pub fn reply<'a>(&self, octets: &'a [u8], secret: &[u8], must_be_signed: bool) -> Option<Reply<'a>> {
        let (&[code, identifier, high, low], _) = octets.split_first_chunk()?;
        let octets = octets.get(..u16::from_be_bytes([high, low]).into())?;
        let (head, attributes) = octets.split_at_checked(HEADER)?;
        let (head, authenticator) = head.split_first_chunk::<4>()?;
        if self.octets.get(1) != Some(&identifier) {
            return None;
        }
        // RFC 2865 section 3.
        let digest = Md5::new().chain_update(head).chain_update(self.authenticator);
        let expected = digest.chain_update(attributes).chain_update(secret).finalize();
        let mut differs = expected.iter().zip(authenticator).fold(0, |sum, (a, b)| sum | (a ^ b));
        // RFC 3579 section 3.2: over the reply with the request's authenticator, and without the signature.
        let signature = Attributes { rest: attributes, at: HEADER }.find(|(_, kind, _)| *kind == MESSAGE_AUTHENTICATOR);
        match signature {
            Some((at, _, value)) => {
                let (before, after) = (attributes.get(..at - HEADER)?, attributes.get(at - HEADER + value.len()..)?);
                let parts: [&[u8]; 5] = [head, &self.authenticator, before, &[0; 16], after];
                let expected = hmac(secret, &parts);
                differs |= u8::from(value.len() != expected.len());
                differs |= expected.iter().zip(value).fold(0, |sum, (a, b)| sum | (a ^ b));
            }
            None if must_be_signed => return None,
            None => {}
        }
        (differs == 0).then_some(Reply { code, attributes })
    }
}

/// A reply that is genuine.
pub struct Reply<'a> {
    /// Access-Accept or another.
    pub code: u8,
    attributes: &'a [u8],
}

impl<'a> Reply<'a> {
    /// The values of the attributes of a type.
    pub fn values(&self, wanted: u8) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let all = Attributes { rest: self.attributes, at: HEADER };
        all.filter(move |(_, kind, _)| *kind == wanted).map(|(_, _, value)| value)
    }
}

/// Attributes one by one: where the value starts in the packet, the type, the value. Behind a length that cannot be, nothing.
struct Attributes<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (usize, u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[kind, length], _) = self.rest.split_first_chunk()?;
        let (attribute, rest) = self.rest.split_at_checked(length.into())?;
        let value = attribute.get(2..)?;
        let at = self.at + 2;
        self.at += attribute.len();
        self.rest = rest;
        Some((at, kind, value))
    }
}

fn hmac(secret: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    // A key of any length will do.
    let Ok(mut hmac) = Hmac::<Md5>::new_from_slice(secret) else { return [0; 16] };
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

fn set(octets: &mut [u8], range: std::ops::Range<usize>, value: &[u8]) {
    if let Some(place) = octets.get_mut(range) {
        place.copy_from_slice(value);
    }
}
