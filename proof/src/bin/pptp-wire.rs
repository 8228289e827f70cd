//! No way to panic in `pptp-wire`.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;

use link_proof::{some, unknown};
use pptp_wire::code::{Accm, DisconnectResult, GeneralError, StartResult, StopReason};
use pptp_wire::connection::{
    Answer, CallId, CallIdStyle, Config, Connection, Disconnect, EchoPolicy, Identity, Quirks, Refusal, WanErrors,
};
use pptp_wire::message::{IncomingCallRequest, OutgoingCallRequest};
use pptp_wire::{Message, Reassembler, Text, nat};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let quirks = Quirks::new().with_call_id_style(unknown(CallIdStyle::Unpredictable));
    let config = Config::new(Identity::PPTPD)
        .with_echo(unknown(EchoPolicy::default()))
        .with_manual_start(unknown(true))
        .with_outgoing_call_requests(unknown(true))
        .with_incoming_call_requests(unknown(true))
        .with_quirks(quirks);
    let mut one: Connection<1> = Connection::originator(config, unknown([1; 32]));
    let mut many: Connection<16> = Connection::receiver(config, unknown([2; 32]));
    loop {
        drive(&mut one);
        drive(&mut many);
        codec();
    }
}

fn drive<const CALLS: usize>(connection: &mut Connection<CALLS>) {
    let now = unknown(Duration::from_secs(1));
    let (bytes, mut buf) = (unknown([7; 300]), unknown([0; 256]));
    let length = unknown(156);
    let _ = black_box(connection.open(now));
    black_box(connection.handle_stream(now, some(&bytes, length)));
    black_box(connection.wants_read());
    let call = CallId::new(unknown(7));
    let _ = black_box(connection.accept_start(now));
    let _ = black_box(connection.refuse_start(now, StartResult::new(unknown(2)), GeneralError::NONE));
    let _ = black_box(connection.place_call(now, OutgoingCallRequest::new(0, 0)));
    let request = IncomingCallRequest::new(0, 0, pptp_wire::code::Bearer::DIGITAL);
    let _ = black_box(connection.announce_call(now, request, Answer::new()));
    let _ = black_box(connection.accept_call(now, call, Answer::new().with_window(unknown(16))));
    let _ = black_box(connection.refuse_call(now, call, unknown(Refusal::BUSY)));
    let _ = black_box(connection.clear_call(now, call, Disconnect::new(DisconnectResult::new(unknown(1)))));
    let _ = black_box(connection.set_link_info(now, call, Accm::ALL, Accm::ALL));
    let _ = black_box(connection.notify_wan_errors(now, call, unknown(WanErrors::default())));
    let _ = black_box(connection.set_call_statistics(call, unknown(Text::EMPTY)));
    connection.handle_data_seen(now, call);
    connection.handle_collision(now, unknown([10, 0, 0, 1]).into(), unknown([10, 0, 0, 2]).into());
    let _ = black_box(connection.poll_transmit(now, buf.get_mut(..length).unwrap_or(&mut [])));
    black_box((connection.poll_event(), connection.poll_timeout(), connection.state(), connection.echo_round_trip()));
    connection.handle_timeout(now);
    black_box((connection.call(call).map(|call| call.state()), connection.calls().count(), connection.peer()));
    connection.close(now, StopReason::new(unknown(1)));
    connection.handle_disconnect(now);
}

fn codec() {
    let (bytes, mut buf) = (unknown([7; 300]), unknown([0; 256]));
    let length = unknown(156);
    let mut stream = Reassembler::new();
    let mut input = some(&bytes, length);
    while let Ok(Some(message)) = stream.next_message(&mut input) {
        let message = nat::map_call_ids(&message, |_, id| unknown(id));
        black_box((nat::flow(&message), message.name()));
        let _ = black_box(message.encode(buf.get_mut(..length).unwrap_or(&mut [])));
    }
    black_box((stream.pending(), stream.offset(), stream.error()));
    let _ = black_box(Message::decode(some(&bytes, length)));
    let _ = black_box(Text::<64>::new(some(&bytes, length)));
}
