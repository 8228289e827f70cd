//! The identity that a peer claims.

use crate::Text;
use crate::code::{Bearer, Framing, GeneralError, ProtocolVersion, StartResult};
use crate::message::{StartControlConnectionReply, StartControlConnectionRequest};

/// RFC 2637 sections 2.1 and 2.2: what the two ends of a control connection say about themselves.
///
/// All of it is for logs: nothing in RFC 2637 depends on it, and nothing proves it.
///
/// ```
/// use pptp_wire::Text;
/// use pptp_wire::code::Framing;
/// use pptp_wire::connection::Identity;
///
/// let identity = Identity::new(Text::new("vpn.example.org")?, Text::new("example")?)
///     .with_maximum_channels(100);
/// assert_eq!(identity.host_name().as_bytes(), b"vpn.example.org");
/// assert_eq!(Identity::PPTPD.framing(), Framing::NONE);
/// # Ok::<(), pptp_wire::TextError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    host_name: Text<64>,
    vendor_name: Text<64>,
    framing: Framing,
    bearer: Bearer,
    maximum_channels: u16,
    firmware_revision: u16,
}

impl Identity {
    /// pptp-linux 1.10: host `local`, vendor `cananian`, all capabilities, 65535 channels, firmware 1.
    pub const PPTP_LINUX: Self = Self {
        maximum_channels: u16::MAX,
        firmware_revision: 1,
        ..Self::new(Text::from_raw(padded(b"local")), Text::from_raw(padded(b"cananian")))
    };

    /// pptpd 1.4: host `local`, vendor `linux`, no capabilities at all, 1 channel, firmware 1.
    pub const PPTPD: Self = Self {
        framing: Framing::NONE,
        bearer: Bearer::NONE,
        maximum_channels: 1,
        firmware_revision: 1,
        ..Self::new(Text::from_raw(padded(b"local")), Text::from_raw(padded(b"linux")))
    };

    /// Windows 7: no host, vendor `Microsoft`, asynchronous framing and analog bearer, no channels, firmware 0.
    pub const WINDOWS: Self = Self {
        framing: Framing::ASYNCHRONOUS,
        bearer: Bearer::ANALOG,
        ..Self::new(Text::EMPTY, Text::from_raw(padded(b"Microsoft")))
    };

    /// The identity that Orckit ATUR3 modems expect: host `RELAY_PPP1`, vendor `MS Win NT`,
    /// firmware 0x6021.
    pub const ORCKIT: Self = Self {
        firmware_revision: 0x6021,
        ..Self::new(Text::from_raw(padded(b"RELAY_PPP1")), Text::from_raw(padded(b"MS Win NT")))
    };

    /// Creates a host and a vendor with all capabilities, no channels and firmware revision 0.
    #[must_use]
    pub const fn new(host_name: Text<64>, vendor_name: Text<64>) -> Self {
        Self {
            host_name,
            vendor_name,
            framing: Framing::ANY,
            bearer: Bearer::ANY,
            maximum_channels: 0,
            firmware_revision: 0,
        }
    }

    /// Sets the kinds of framing. Default: [`Framing::ANY`]. [`Framing::NONE`] is what pptpd says, and works.
    #[must_use]
    pub const fn with_framing(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    /// Sets the kinds of channels. Default: [`Bearer::ANY`]. [`Bearer::NONE`] is what pptpd says, and works.
    #[must_use]
    pub const fn with_bearer(self, bearer: Bearer) -> Self {
        Self { bearer, ..self }
    }

    /// Sets how many calls a PAC can have. Default: 0, which RFC 2637 section 2.1 wants of a PNS.
    #[must_use]
    pub const fn with_maximum_channels(self, maximum_channels: u16) -> Self {
        Self { maximum_channels, ..self }
    }

    /// Sets a number of the vendor. Default: 0.
    #[must_use]
    pub const fn with_firmware_revision(self, firmware_revision: u16) -> Self {
        Self { firmware_revision, ..self }
    }

    /// Returns the DNS name.
    #[must_use]
    pub const fn host_name(&self) -> Text<64> {
        self.host_name
    }

    /// Returns the product.
    #[must_use]
    pub const fn vendor_name(&self) -> Text<64> {
        self.vendor_name
    }

    /// Returns the kinds of framing.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Returns the kinds of channels.
    #[must_use]
    pub const fn bearer(&self) -> Bearer {
        self.bearer
    }

    /// Returns how many calls it can have, if it is a PAC. RFC 2637 section 2.2 forbids to rely on
    /// it.
    #[must_use]
    pub const fn maximum_channels(&self) -> u16 {
        self.maximum_channels
    }

    /// Returns a number of the vendor.
    #[must_use]
    pub const fn firmware_revision(&self) -> u16 {
        self.firmware_revision
    }

    pub(super) const fn to_request(self) -> StartControlConnectionRequest {
        StartControlConnectionRequest {
            framing_capabilities: self.framing,
            bearer_capabilities: self.bearer,
            maximum_channels: self.maximum_channels,
            firmware_revision: self.firmware_revision,
            ..StartControlConnectionRequest::new(self.host_name, self.vendor_name)
        }
    }

    pub(super) const fn to_reply(self, result: StartResult, error: GeneralError) -> StartControlConnectionReply {
        StartControlConnectionReply {
            protocol_version: ProtocolVersion::V1_0,
            error_code: error,
            framing_capabilities: self.framing,
            bearer_capabilities: self.bearer,
            maximum_channels: self.maximum_channels,
            firmware_revision: self.firmware_revision,
            ..StartControlConnectionReply::new(result, self.host_name, self.vendor_name)
        }
    }
}

impl From<StartControlConnectionRequest> for Identity {
    fn from(request: StartControlConnectionRequest) -> Self {
        Self {
            host_name: request.host_name,
            vendor_name: request.vendor_name,
            framing: request.framing_capabilities,
            bearer: request.bearer_capabilities,
            maximum_channels: request.maximum_channels,
            firmware_revision: request.firmware_revision,
        }
    }
}

impl From<StartControlConnectionReply> for Identity {
    fn from(reply: StartControlConnectionReply) -> Self {
        Self {
            host_name: reply.host_name,
            vendor_name: reply.vendor_name,
            framing: reply.framing_capabilities,
            bearer: reply.bearer_capabilities,
            maximum_channels: reply.maximum_channels,
            firmware_revision: reply.firmware_revision,
        }
    }
}

/// Returns a name, filled up with zeros.
const fn padded(mut name: &[u8]) -> [u8; 64] {
    let mut raw = [0; 64];
    let mut room: &mut [u8] = &mut raw;
    while let (Some((from, name_rest)), Some((to, room_rest))) = (name.split_first(), room.split_first_mut()) {
        *to = *from;
        (name, room) = (name_rest, room_rest);
    }
    raw
}
