//! RFC 2637 section 3.2.2.

use alloc::collections::{BTreeSet, VecDeque};

use pptp_wire::code::DisconnectResult;
use pptp_wire::connection::{CallId, CallIdStyle, Disconnect, Quirks};
use pptp_wire::message::CallDisconnectNotify;

use crate::bench::{Bench, config, outgoing_request, secs};

#[test]
fn section_3_2_2_ids_are_unique_and_do_not_come_back_soon() {
    let mut bench = Bench::established();
    let mut recent = VecDeque::new();
    for round in 0..20_000 {
        // Calls of both kinds, one after the other.
        let call = if round % 2 == 0 {
            let call = bench.requested(outgoing_request());
            bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
            call
        } else {
            let call = bench.connected();
            bench.receive(CallDisconnectNotify::new(crate::bench::PEERS, DisconnectResult::LOST_CARRIER));
            call
        };
        bench.clear();
        assert_ne!(call.get(), 0);
        assert!(!recent.contains(&call), "{call} again within 32 calls");
        recent.push_back(call);
        if recent.len() > 32 {
            recent.pop_front();
        }
    }
}

#[test]
fn section_3_2_2_ids_follow_from_the_entropy_alone() {
    let ids = |entropy: u8, time| {
        let machine = pptp_wire::connection::Connection::originator(config(), [entropy; 32]);
        let mut bench = Bench::new(machine);
        bench.now = secs(time);
        bench.machine.open(bench.now).unwrap();
        bench.receive(crate::bench::start_reply());
        bench.clear();
        [bench.placed(), bench.placed(), bench.placed()]
    };
    assert_eq!(ids(1, 5), ids(1, 500));
    let different: BTreeSet<_> = (0..=255).map(|entropy| ids(entropy, 5)).collect();
    assert_eq!(different.len(), 256);
}

#[test]
fn section_3_2_2_ids_can_be_as_accel_ppp_has_them() {
    let quirks = Quirks::new().with_call_id_style(CallIdStyle::Sequential { first: 1 });
    let mut bench = Bench::established_with(config().with_quirks(quirks));
    let ids = [bench.placed(), bench.placed(), bench.placed()];
    assert_eq!(ids.map(CallId::get), [1, 2, 3]);
}
