//! Values that a configuration writes as text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use l2tp_wire::header::Cookie;
use serde::Deserialize;

/// A password, a secret or a hash. It is wiped when it is dropped, and `Debug` does not show it.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// Takes over a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(zeroize::Zeroizing::new(text))
    }

    /// Returns the text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// An NT hash: 32 hexadecimal digits. It is as good as the password for MS-CHAP.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Secret")]
pub struct NtHashText(mschap::NtHash);

impl NtHashText {
    /// Returns the hash.
    #[must_use]
    pub const fn hash(&self) -> &mschap::NtHash {
        &self.0
    }
}

impl FromStr for NtHashText {
    type Err = String;

    fn from_str(digits: &str) -> Result<Self, String> {
        let mut bytes = zeroize::Zeroizing::new([0; 16]);
        hex::decode_to_slice(digits, &mut *bytes).map_err(|_| "an NT hash has 32 hexadecimal digits".to_owned())?;
        Ok(Self(mschap::NtHash::from_bytes(*bytes)))
    }
}

impl TryFrom<Secret> for NtHashText {
    type Error = String;

    fn try_from(text: Secret) -> Result<Self, String> {
        text.expose().parse()
    }
}

/// The cookie of a session of L2TPv3 (RFC 3931 section 4.1): 4 or 8 bytes, in hexadecimal digits.
///
/// It is no secret to anyone on the path, but to anyone else: it is not shown.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Secret")]
pub struct CookieText(Cookie);

impl CookieText {
    /// Returns the cookie.
    #[must_use]
    pub const fn cookie(&self) -> Cookie {
        self.0
    }
}

impl fmt::Debug for CookieText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieText(..)")
    }
}

impl FromStr for CookieText {
    type Err = String;

    fn from_str(digits: &str) -> Result<Self, String> {
        let cookie = hex::decode(digits).ok().filter(|bytes| !bytes.is_empty()).and_then(|bytes| Cookie::new(&bytes));
        let cookie = cookie.ok_or("a cookie has 8 or 16 hexadecimal digits")?;
        Ok(Self(cookie))
    }
}

impl TryFrom<Secret> for CookieText {
    type Error = String;

    fn try_from(text: Secret) -> Result<Self, String> {
        text.expose().parse()
    }
}

/// The addresses for clients, the first and the last of them: `10.0.0.10-10.0.0.20`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub struct Pool {
    /// The first address.
    pub first: Ipv4Addr,
    /// The last address, which is not before the first.
    pub last: Ipv4Addr,
}

impl Pool {
    /// Returns whether an address is in the pool.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&address)
    }
}

impl FromStr for Pool {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let parse = |text: &str| text.trim().parse::<Ipv4Addr>().map_err(|error| format!("{error}: {text}"));
        let (first, last) = (parse(first)?, parse(last)?);
        if last < first {
            return Err("the last address is before the first".to_owned());
        }
        Ok(Self { first, last })
    }
}

/// A network: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub struct Network {
    /// The first address.
    pub address: IpAddr,
    /// How many bits of it are those of the network.
    pub prefix: u8,
}

impl Network {
    /// The default route of IPv4.
    pub const DEFAULT_V4: Self = Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix: 0 };

    /// Returns the network of one address.
    #[must_use]
    pub const fn host(address: IpAddr) -> Self {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix }
    }

    /// Returns whether an address is in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                address.to_bits() & mask == network.to_bits()
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                address.to_bits() & mask == network.to_bits()
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|error| format!("{error}: {address}"))?;
        let host = Self::host(address);
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|error| format!("{error}: {prefix}"))?,
            None => host.prefix,
        };
        let network = Self { address, prefix };
        if prefix > host.prefix {
            return Err(format!("a prefix has at most {} bits", host.prefix));
        }
        // A slip that the kernel would refuse later.
        if !network.contains(address) {
            return Err("there are bits behind the prefix".to_owned());
        }
        Ok(network)
    }
}

/// Where calls are taken: an address, with `:PORT` if it is not the protocol's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub struct Listen {
    /// The address. One of IPv6 is for L2TP alone, and takes no packets of IPv4.
    pub address: IpAddr,
    /// The port. `None`: that of the protocol, 1723 for PPTP and 1701 for L2TP.
    pub port: Option<u16>,
}

impl Listen {
    /// Returns the address with a port.
    #[must_use]
    pub fn with_default_port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address, self.port.unwrap_or(port))
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: Ipv4Addr::UNSPECIFIED.into(), port: None }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // As in addresses with a port, those of IPv6 may have brackets.
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Some(address) = text.parse().ok().or_else(|| Some(bare?.parse::<Ipv6Addr>().ok()?.into())) {
            return Ok(Self { address, port: None });
        }
        let address: SocketAddr = text.parse().map_err(|error| format!("{error}: {text}"))?;
        Ok(Self { address: address.ip(), port: Some(address.port()) })
    }
}

macro_rules! from_text {
    ($($type:ty),*) => {$(
        impl TryFrom<String> for $type {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
    )*};
}

from_text!(Pool, Network, Listen, Mppe);

/// How long keys of MPPE are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Strength {
    /// The longest that both sides have.
    #[default]
    Auto,
    /// 40 bits.
    Bits40,
    /// 56 bits.
    Bits56,
    /// 128 bits.
    Bits128,
}

/// Whether packets are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Wanted {
    /// If the peer wants it as well.
    #[default]
    Offered,
    /// If the peer asks for it.
    Passive,
    /// Always, or the session ends.
    Required,
    /// Not at all.
    Refused,
}

/// When keys of MPPE change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyChange {
    /// With every packet.
    #[default]
    Stateless,
    /// With every packet, or every 256 packets if the peer wants that: `stateful-allowed`.
    StatefulAllowed,
    /// Every 256 packets, or with every one if the peer wants that: `stateful`. The same key encrypts twice after a loss.
    Stateful,
}

/// Cisco's `ppp encrypt mppe {auto | 40 | 56 | 128} [passive | required] [stateful]`, or `none`.
///
/// Words are parted by blanks or commas. Without `stateful` Cisco's falls back to stateful keys if the peer asks for them. Here that has to be said, by
/// `stateful-allowed`, since such keys encrypt two packets alike after a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub struct Mppe {
    /// How long keys are.
    pub strength: Strength,
    /// Whether packets are encrypted.
    pub wanted: Wanted,
    /// When keys change.
    pub key_change: KeyChange,
}

impl Mppe {
    /// 128 bits, required, a key for each packet: the default.
    pub const STRICT: Self =
        Self { strength: Strength::Bits128, wanted: Wanted::Required, key_change: KeyChange::Stateless };
}

impl FromStr for Mppe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut mppe = Self::default();
        let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
        mppe.strength = match words.next() {
            Some("auto") => Strength::Auto,
            Some("40") => Strength::Bits40,
            Some("56") => Strength::Bits56,
            Some("128") => Strength::Bits128,
            Some("none") if words.next().is_none() => return Ok(Self { wanted: Wanted::Refused, ..mppe }),
            _ => return Err("`auto`, `40`, `56`, `128`, or `none` alone, comes first".to_owned()),
        };
        for word in words {
            match (word, mppe.wanted) {
                ("passive", Wanted::Offered) => mppe.wanted = Wanted::Passive,
                ("required", Wanted::Offered) => mppe.wanted = Wanted::Required,
                ("passive" | "required", _) => return Err("`passive` and `required` exclude each other".to_owned()),
                ("stateful", _) => mppe.key_change = KeyChange::Stateful,
                ("stateful-allowed", _) => mppe.key_change = KeyChange::StatefulAllowed,
                _ => return Err(format!("`{word}` is none of `passive`, `required`, `stateful`, `stateful-allowed`")),
            }
        }
        Ok(mppe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_ppp_encrypt_mppe() {
        let mppe = |text: &str| text.parse::<Mppe>();
        let all = mppe("128 required stateful").unwrap();
        assert_eq!(
            all,
            Mppe { strength: Strength::Bits128, wanted: Wanted::Required, key_change: KeyChange::Stateful }
        );
        assert_eq!(mppe("auto").unwrap(), Mppe::default());
        assert_eq!(mppe("40 passive").unwrap().wanted, Wanted::Passive);
        assert_eq!(mppe("128,required,stateful").unwrap(), all);
        assert_eq!(mppe("none").unwrap().wanted, Wanted::Refused);
        for wrong in ["", "64", "required", "128 passive required", "none required", "128 stateless"] {
            assert!(mppe(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_and_pools_are_checked() {
        let network: Network = "10.1.0.0/16".parse().unwrap();
        assert!(network.contains(Ipv4Addr::new(10, 1, 255, 255).into()));
        assert!(!network.contains(Ipv4Addr::new(10, 2, 0, 0).into()));
        assert!(Network::DEFAULT_V4.contains(Ipv4Addr::new(255, 1, 2, 3).into()));
        let network: Network = "fd00::/8".parse().unwrap();
        assert!(network.contains("fdff::1".parse().unwrap()) && !network.contains("fe00::1".parse().unwrap()));
        assert_eq!("10.1.2.3".parse::<Network>().unwrap().prefix, 32);
        for wrong in ["10.1.0.1/16", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let pool: Pool = "10.0.0.1-10.0.0.9".parse().unwrap();
        assert!(pool.contains(Ipv4Addr::new(10, 0, 0, 9)) && !pool.contains(Ipv4Addr::new(10, 0, 0, 10)));
        assert!("10.0.0.9-10.0.0.1".parse::<Pool>().is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let hash = "44ebba8d5312b8d611474411f56989ae".parse::<NtHashText>().unwrap();
        let shown = format!("{:?} {hash:?}", Secret::new("wonderland".to_owned()));
        assert!(!shown.contains("wonder") && !shown.contains("44eb") && !shown.contains("68, 235"), "{shown}");
    }
}
