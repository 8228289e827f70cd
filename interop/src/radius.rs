//! Packets of RADIUS (RFC 2865, RFC 3579) from both sides, for vectors; `vpdn::radius` is the client.

use std::fmt;

use md5::{Digest, Md5};

/// Access-Request.
pub const ACCESS_REQUEST: u8 = 1;
/// Access-Accept.
pub const ACCESS_ACCEPT: u8 = 2;
/// Access-Reject.
pub const ACCESS_REJECT: u8 = 3;

/// Access-Challenge.
pub const ACCESS_CHALLENGE: u8 = 11;

/// User-Name.
pub const USER_NAME: u8 = 1;
/// NAS-IP-Address.
pub const NAS_IP_ADDRESS: u8 = 4;
/// Reply-Message.
pub const REPLY_MESSAGE: u8 = 18;
/// Class.
pub const CLASS: u8 = 25;
/// Vendor-Specific.
pub const VENDOR_SPECIFIC: u8 = 26;
/// State.
pub const STATE: u8 = 24;
/// EAP-Message.
pub const EAP_MESSAGE: u8 = 79;
/// Message-Authenticator.
pub const MESSAGE_AUTHENTICATOR: u8 = 80;

/// Code (1), Identifier (1), Length (2), Authenticator (16).
const HEADER_LEN: usize = 20;

/// A packet of RADIUS.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    /// The code of the packet.
    pub code: u8,
    /// The identifier, which a reply repeats.
    pub identifier: u8,
    /// Of a request: unpredictable. Of a reply: made from request, reply and secret.
    pub authenticator: [u8; 16],
    /// The attributes, whole, one behind the other.
    pub attributes: Vec<u8>,
}

impl Packet {
    /// Creates an Access-Request for this user.
    #[must_use]
    pub fn request(identifier: u8, authenticator: [u8; 16], user: &[u8]) -> Self {
        let mut packet = Self { code: ACCESS_REQUEST, identifier, authenticator, attributes: Vec::new() };
        packet.add(USER_NAME, user);
        packet
    }

    /// Adds an attribute.
    ///
    /// # Panics
    ///
    /// When it is too long.
    pub fn add(&mut self, kind: u8, value: &[u8]) {
        self.attributes.extend([kind, u8::try_from(value.len() + 2).expect("it fits")]);
        self.attributes.extend(value);
    }

    /// Returns the values of the attributes of a type.
    ///
    /// # Panics
    ///
    /// When a length is wrong.
    pub fn values(&self, wanted: u8) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.attributes.as_slice();
        std::iter::from_fn(move || {
            loop {
                let (&kind, &length) = (rest.first()?, rest.get(1).expect("a length"));
                let attribute = rest.get(2..length.into()).expect("a length that is possible");
                rest = &rest[length.into()..];
                if kind == wanted {
                    return Some(attribute);
                }
            }
        })
    }

    /// Returns the bytes as they are sent.
    ///
    /// # Panics
    ///
    /// When they are too many.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = u16::try_from(HEADER_LEN + self.attributes.len()).expect("a packet");
        let mut bytes = vec![self.code, self.identifier];
        bytes.extend(length.to_be_bytes());
        bytes.extend(self.authenticator);
        bytes.extend(&self.attributes);
        bytes
    }

    /// Reads a packet.
    ///
    /// # Panics
    ///
    /// When it is no packet.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        let (&[code, identifier, high, low], rest) = bytes.split_first_chunk().expect("a header");
        assert_eq!(bytes.len(), usize::from(u16::from_be_bytes([high, low])), "length");
        let (authenticator, attributes) = rest.split_first_chunk().expect("an authenticator");
        Self { code, identifier, authenticator: *authenticator, attributes: attributes.to_vec() }
    }

    /// Returns the Response Authenticator that this reply to a request has to have (RFC 2865
    /// section 3).
    #[must_use]
    pub fn response_authenticator(&self, request_authenticator: &[u8; 16], secret: &[u8]) -> [u8; 16] {
        let asked = Self { authenticator: *request_authenticator, ..self.clone() };
        Md5::new().chain_update(asked.encode()).chain_update(secret).finalize().into()
    }

    /// Returns the Message-Authenticator that this packet, or this reply to a request, has to have
    /// (RFC 3579 section 3.2).
    fn message_authenticator(&self, request_authenticator: &[u8; 16], secret: &[u8]) -> [u8; 16] {
        let mut cleared = Self { authenticator: *request_authenticator, ..self.clone() };
        let mut at = 0;
        while let Some(&[kind, length]) = cleared.attributes.get(at..at + 2) {
            assert!(length >= 2, "a length that is possible");
            let end = at + usize::from(length);
            if kind == MESSAGE_AUTHENTICATOR {
                cleared.attributes[at + 2..end].fill(0);
            }
            at = end;
        }
        hmac_md5(secret, &cleared.encode())
    }

    /// Signs this reply to a request: Message-Authenticator (RFC 3579 section 3.2), then the Response Authenticator.
    pub fn sign_reply(&mut self, request: &Self, secret: &[u8]) {
        let at = self.attributes.len() + 2;
        self.add(MESSAGE_AUTHENTICATOR, &[0; 16]);
        let signature = self.message_authenticator(&request.authenticator, secret);
        self.attributes[at..].copy_from_slice(&signature);
        self.authenticator = self.response_authenticator(&request.authenticator, secret);
    }

    /// Asserts that this is the reply of somebody who knows the secret.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub fn assert_reply_to(&self, request: &Self, secret: &[u8]) {
        assert_eq!(self.identifier, request.identifier);
        assert_eq!(self.authenticator, self.response_authenticator(&request.authenticator, secret));
        for value in self.values(MESSAGE_AUTHENTICATOR) {
            assert_eq!(value, self.message_authenticator(&request.authenticator, secret));
        }
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packet({})", hex::encode(self.encode()))
    }
}

/// Computes HMAC with MD5 (RFC 2104).
fn hmac_md5(key: &[u8], data: &[u8]) -> [u8; 16] {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..16].copy_from_slice(&Md5::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Md5::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(data).finalize();
    Md5::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 section 2.
    #[test]
    fn samples_of_hmac_md5() {
        for (key, data, expected) in [
            (&[0x0b; 16][..], &b"Hi There"[..], "9294727a3638bb1c13f48ef8158bfc9d"),
            (b"Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
        ] {
            assert_eq!(hex::encode(hmac_md5(key, data)), expected);
        }
    }
}
