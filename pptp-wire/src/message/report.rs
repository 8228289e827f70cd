//! Messages about the line of a call.

use crate::Header;
use crate::code::Accm;

/// RFC 2637 section 2.14: the PAC counts errors on the line. Each counter runs since the call was established.
///
/// ```
/// use pptp_wire::message::WanErrorNotify;
///
/// let notify = WanErrorNotify { crc_errors: 3, ..WanErrorNotify::new(4) };
/// assert_eq!(
///     notify.to_string(),
///     "WAN-Error-Notify: peer's call id 4, CRC errors 3, framing errors 0, hardware overruns 0, \
///      buffer overruns 0, time-out errors 0, alignment errors 0"
/// );
/// ```
#[doc(alias = "WEN")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct WanErrorNotify {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PNS chose for the call.
    pub peer_call_id: u16,
    /// Zero, says the RFC.
    pub reserved1: u16,
    /// PPP frames with a wrong check sequence.
    pub crc_errors: u32,
    /// PPP frames with wrong framing.
    pub framing_errors: u32,
    /// Receive buffers that ran over.
    pub hardware_overruns: u32,
    /// Buffers that ran over.
    pub buffer_overruns: u32,
    /// Time-outs.
    pub timeout_errors: u32,
    /// Alignment errors.
    pub alignment_errors: u32,
}

impl WanErrorNotify {
    /// 40 bytes: header (8), control message type (2), reserved0 (2), peer call id (2), reserved1
    /// (2), crc errors (4), framing errors (4). Then: hardware overruns (4), buffer overruns (4),
    /// timeout errors (4), alignment errors (4).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 4 + 4 + 4 + 4 + 4 + 4;

    /// Creates the message with all counters zero.
    #[must_use]
    pub const fn new(peer_call_id: u16) -> Self {
        Self {
            reserved0: 0,
            peer_call_id,
            reserved1: 0,
            crc_errors: 0,
            framing_errors: 0,
            hardware_overruns: 0,
            buffer_overruns: 0,
            timeout_errors: 0,
            alignment_errors: 0,
        }
    }
}

layout!(WanErrorNotify = WAN_ERROR_NOTIFY:
    reserved0 = Reserved0,
    peer_call_id = PeerCallId,
    reserved1 = Reserved1,
    crc_errors = CrcErrors,
    framing_errors = FramingErrors,
    hardware_overruns = HardwareOverruns,
    buffer_overruns = BufferOverruns,
    timeout_errors = TimeoutErrors,
    alignment_errors = AlignmentErrors,
);

/// RFC 2637 section 2.15: the PNS sends the PAC what PPP has agreed on.
///
/// ```
/// use pptp_wire::code::Accm;
/// use pptp_wire::message::SetLinkInfo;
///
/// assert_eq!(
///     SetLinkInfo::new(9, Accm::NONE, Accm::ALL).to_string(),
///     "Set-Link-Info: peer's call id 9, send ACCM 0x00000000, receive ACCM 0xffffffff"
/// );
/// ```
#[doc(alias = "SLI")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct SetLinkInfo {
    /// Zero, says the RFC.
    pub reserved0: u16,
    /// The id that the PAC chose for the call.
    pub peer_call_id: u16,
    /// Zero, says the RFC.
    pub reserved1: u16,
    /// For frames that leave on the line.
    pub send_accm: Accm,
    /// For frames that come from the line.
    pub receive_accm: Accm,
}

impl SetLinkInfo {
    /// 24 bytes: header (8), control message type (2), reserved0 (2), peer call id (2), reserved1
    /// (2), send accm (4), receive accm (4).
    pub const LEN: usize = Header::LEN + 2 + 2 + 2 + 2 + 4 + 4;

    /// Creates the message with these maps.
    #[must_use]
    pub const fn new(peer_call_id: u16, send_accm: Accm, receive_accm: Accm) -> Self {
        Self { reserved0: 0, peer_call_id, reserved1: 0, send_accm, receive_accm }
    }
}

layout!(SetLinkInfo = SET_LINK_INFO:
    reserved0 = Reserved0,
    peer_call_id = PeerCallId,
    reserved1 = Reserved1,
    send_accm = SendAccm,
    receive_accm = ReceiveAccm,
);
