//! Counters of a call.

use crate::machine::Machine;

/// The counters of a call.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct Statistics {
    /// Data packets of the tunnel that were sent.
    pub packets_sent: u64,
    /// Data packets that were received.
    pub packets_received: u64,
    /// Bytes of them.
    pub bytes_sent: u64,
    /// Bytes of them.
    pub bytes_received: u64,
    /// Packets that came behind later ones.
    pub out_of_order: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// IP packets that came in the clear where they have to be encrypted, and were dropped.
    pub cleartext_dropped: u64,
    /// Frames that PPP or the encryption did not take.
    pub refused: u64,
    /// Packets that were encrypted.
    pub encrypted: u64,
    /// Packets that were decrypted.
    pub decrypted: u64,
}

impl Statistics {
    pub(crate) fn of(machine: &dyn Machine, call: u32) -> Option<Self> {
        let traffic = machine.traffic(call)?;
        let ppp = machine.ppp(call).map(ppp_session::Session::statistics);
        let mppe = ppp.and_then(|ppp| ppp.mppe);
        Some(Self {
            packets_sent: traffic.packets_sent,
            packets_received: traffic.packets_received,
            bytes_sent: traffic.bytes_sent,
            bytes_received: traffic.bytes_received,
            out_of_order: traffic.out_of_order,
            lost: traffic.lost,
            cleartext_dropped: ppp.map_or(0, |ppp| ppp.cleartext_dropped),
            refused: ppp.map_or(0, |ppp| ppp.refused),
            encrypted: mppe.map_or(0, |mppe| mppe.sent.packets_encrypted),
            decrypted: mppe.map_or(0, |mppe| mppe.received.packets_decrypted),
        })
    }
}
