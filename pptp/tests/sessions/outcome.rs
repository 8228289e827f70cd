//! The outcome of two configurations, worked out apart from the machines.

use pptp::ppp;
use pptp::ppp::auth::{Method, Methods};
use pptp::ppp::ccp::{Encryption, MicrosoftCompression as Bits, Modes};
use pptp::ppp_session;
use pptp::session::{Compression, Config, Reason};

/// The wishes of one side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wishes {
    pub(crate) methods: Methods,
    pub(crate) strengths: Bits,
    pub(crate) modes: Modes,
    pub(crate) encryption: Encryption,
    pub(crate) compression: Compression,
}

impl Wishes {
    pub(crate) fn config(&self) -> Config {
        Config::strict().with_ppp(|ppp| {
            ppp.with_authentication(self.methods)
                .with_strengths(self.strengths)
                .with_modes(self.modes)
                .with_encryption(self.encryption)
                .with_compression(self.compression)
        })
    }

    fn is_required(&self) -> bool {
        self.encryption == Encryption::Required
    }

    fn allowed(&self, has_keys: bool) -> Bits {
        if has_keys && self.encryption != Encryption::Refused { self.strengths } else { Bits::NONE }
    }

    /// Returns whether this side asks for something before it is asked.
    fn begins(&self) -> bool {
        match self.encryption {
            Encryption::Required | Encryption::Preferred => true,
            Encryption::Passive => false,
            Encryption::Refused => self.compresses(),
        }
    }

    fn compresses(&self) -> bool {
        cfg!(feature = "mppc") && self.compression != Compression::Off
    }
}

/// Why a side gives up, or learns that the other one did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// No common method of authentication: the other side's proof.
    Method,
    /// The same: the own proof.
    MethodOfPeer,
    /// Encryption is required, and there are no keys.
    NoKeys,
    /// Encryption is required, and there is nothing in common.
    NothingCommon,
    /// The other side said so, with this number.
    Told(u32),
}

impl Why {
    /// Returns whether it is the reason that a session gave. `is_lossy`: what the other side said
    /// may have been lost.
    pub(crate) fn fits(self, reason: Reason, is_lossy: bool) -> bool {
        let Reason::Ppp(ppp_session::Reason::Link(link)) = reason else {
            return is_lossy && matches!((self, reason), (Self::Told(_), Reason::Call(_) | Reason::Control(_)));
        };
        match self {
            Self::Method => matches!(link, ppp::link::Reason::Lcp(ppp::lcp::Failure::AuthenticationRefused { .. })),
            Self::MethodOfPeer => {
                matches!(link, ppp::link::Reason::Lcp(ppp::lcp::Failure::AuthenticationNotAllowed { .. }))
            }
            Self::NoKeys => matches!(link, ppp::link::Reason::NoKeys { .. }),
            Self::NothingCommon => matches!(link, ppp::link::Reason::EncryptionRequired { .. }),
            Self::Told(error) => link == ppp::link::Reason::PeerClosed { error: Some(error), words: ppp::Words::NONE },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Connected {
        method: Method,
        /// How the client sends, and how the server does.
        encodings: [Bits; 2],
    },
    /// The reasons that each side may give: the first gives up.
    Failed { client: [Why; 2], server: [Why; 2] },
}

/// Returns the strongest in common.
fn strength(bits: Bits) -> Bits {
    [Bits::MPPE_128, Bits::MPPE_56, Bits::MPPE_40].into_iter().find(|bit| bits.contains(*bit)).unwrap_or(Bits::NONE)
}

/// Returns the mode, which the sender decides unless one of the two can do stateless encryption
/// alone.
fn mode(sender: &Wishes, receiver: &Wishes) -> Bits {
    let is_stateful =
        [sender, receiver].iter().all(|side| side.modes != Modes::Stateless) && sender.modes == Modes::PreferStateful;
    if is_stateful { Bits::NONE } else { Bits::STATELESS }
}

fn encoding(sender: &Wishes, receiver: &Wishes, has_keys: bool) -> Bits {
    let strength = strength(sender.allowed(has_keys) & receiver.allowed(has_keys));
    let compression = if sender.compresses() && receiver.compresses() { Bits::MPPC } else { Bits::NONE };
    if strength == Bits::NONE { compression } else { strength | mode(sender, receiver) | compression }
}

/// Returns the method: the server asks for its methods in order. A client that does not take one
/// names its own favourite each time; one that requires encryption names a method with keys first.
/// The server insists once when that is not one of its own.
fn method(client: &Wishes, server: &Wishes) -> Option<Method> {
    let has_keys = |method: &Method| matches!(method, Method::MsChapV1 | Method::MsChapV2);
    let mut methods: Vec<Method> = server.methods.iter().collect();
    let mut better = client.methods.iter().find(has_keys).filter(|_| client.is_required());
    let mut insists = true;
    while let Some(&asked) = methods.first() {
        let named = match better.take_if(|_| !has_keys(&asked)) {
            Some(better) => better,
            None if client.methods.contains(asked) => return Some(asked),
            None => client.methods.iter().next()?,
        };
        match methods.iter().position(|method| *method == named) {
            Some(place) => {
                methods.remove(0);
                let named = methods.remove(place - 1);
                methods.insert(0, named);
            }
            None if insists => insists = false,
            None => drop(methods.remove(0)),
        }
    }
    None
}

pub(crate) fn outcome(client: &Wishes, server: &Wishes) -> Outcome {
    let Some(method) = method(client, server) else {
        return Outcome::Failed { client: [Why::MethodOfPeer; 2], server: [Why::Method; 2] };
    };
    let has_keys = matches!(method, Method::MsChapV1 | Method::MsChapV2);
    let allowed = [client, server].map(|side| side.allowed(has_keys));
    let lacks_keys = |side: &Wishes| side.is_required() && !has_keys;
    match (lacks_keys(client), lacks_keys(server)) {
        // The client learns that its proof was good, and knows as much as the server then.
        (true, true) => return Outcome::Failed { client: [Why::NoKeys, Why::Told(742)], server: [Why::NoKeys; 2] },
        (false, true) => return Outcome::Failed { client: [Why::Told(742); 2], server: [Why::NoKeys; 2] },
        (true, false) => return Outcome::Failed { client: [Why::NoKeys; 2], server: [Why::Told(742); 2] },
        (false, false) => {}
    }
    let has_common = (allowed[0] & allowed[1]) != Bits::NONE;
    match (client.is_required() && !has_common, server.is_required() && !has_common) {
        (true, true) => {
            let either = [Why::NothingCommon, Why::Told(742)];
            return Outcome::Failed { client: either, server: either };
        }
        (true, false) => return Outcome::Failed { client: [Why::NothingCommon; 2], server: [Why::Told(742); 2] },
        (false, true) => return Outcome::Failed { client: [Why::Told(742); 2], server: [Why::NothingCommon; 2] },
        (false, false) => {}
    }
    let encodings = if client.begins() || server.begins() {
        [encoding(client, server, has_keys), encoding(server, client, has_keys)]
    } else {
        // Nobody begins.
        [Bits::NONE; 2]
    };
    Outcome::Connected { method, encodings }
}

/// Returns whether a link in trouble may end so: not because of what the two sides want.
pub(crate) fn is_of_loss(reason: Reason) -> bool {
    match reason {
        Reason::Ppp(ppp_session::Reason::SetupTimeout) | Reason::GreBlocked | Reason::GreOneWay | Reason::Call(_) => {
            true
        }
        Reason::Ppp(ppp_session::Reason::Link(link)) => matches!(
            link,
            ppp::link::Reason::NoAnswer
                | ppp::link::Reason::NotConverging
                | ppp::link::Reason::PeerClosed { .. }
                | ppp::link::Reason::Authentication(ppp::auth::Failure::NoAnswer { .. })
                | ppp::link::Reason::EncryptionRequired { .. }
                | ppp::link::Reason::EncryptionUnanswered
                | ppp::link::Reason::EncryptionLost
                | ppp::link::Reason::NoIp(_)
                | ppp::link::Reason::IpClosed { .. }
                | ppp::link::Reason::NoNetwork
        ),
        _ => false,
    }
}
