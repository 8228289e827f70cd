//! Messages that real peers sent, field by field, and hand-made ones of the types that no known peer sends.
//!
//! Public captures are named by repository and path; the values are those that tshark 4.0.17 reads. The others are from
//! this project's own captures of pptp-linux, pptpd and accel-ppp.

use pptp_wire::code::{
    Accm, Bearer, CauseCode, DisconnectResult, EchoResult, Framing, GeneralError, IncomingCallResult,
    OutgoingCallResult, ProtocolVersion, StartResult, StopReason, StopResult,
};
use pptp_wire::message::{
    CallClearRequest, CallDisconnectNotify, EchoReply, EchoRequest, IncomingCallConnected, IncomingCallReply,
    IncomingCallRequest, OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, StartControlConnectionReply,
    StartControlConnectionRequest, StopControlConnectionReply, StopControlConnectionRequest, WanErrorNotify,
};
use pptp_wire::{Message, Text};

use crate::{bytes, decode};

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

/// Asserts that the bytes decode to this message, and that the message encodes to these bytes.
#[track_caller]
fn check(source: &str, hex: &str, expected: impl Into<Message>, trace: &str) {
    let (bytes, expected) = (bytes(hex), expected.into());
    assert_eq!(decode(&bytes), expected, "{source}");
    assert_eq!(expected.encode(&mut [0; Message::MAX_LEN]), Ok(&bytes[..]), "{source}");
    assert_eq!(expected.len(), bytes.len(), "{source}");
    assert_eq!(expected.to_string(), trace, "{source}");
}

#[test]
fn start_control_connection_requests() {
    let windows_7 = StartControlConnectionRequest {
        reserved0: 0,
        protocol_version: ProtocolVersion::V1_0,
        reserved1: 0,
        framing_capabilities: Framing::ASYNCHRONOUS,
        bearer_capabilities: Bearer::ANALOG,
        maximum_channels: 0,
        firmware_revision: 0,
        host_name: Text::EMPTY,
        vendor_name: text("Microsoft"),
    };
    check(
        "openwall/john-samples PPTP_MS-CHAPv2/lulu-password-pptp.pcap, frame 10",
        "009c00011a2b3c4d0001000001 00*6 0100000001 00*68 4d6963726f736f6674 00*55",
        windows_7,
        "Start-Control-Connection-Request: protocol version 1.0, framing capabilities async, bearer capabilities \
         analog, maximum channels 0, firmware revision 0, host name \"\", vendor name \"Microsoft\"",
    );
    check(
        "joswr1ght/asleap samples/pptp.dump, frame 31",
        "009c00011a2b3c4d0001000001 00*6 010000000100000893 00*64 4d6963726f736f66742057696e646f7773204e54 00*44",
        StartControlConnectionRequest {
            firmware_revision: 2195,
            vendor_name: text("Microsoft Windows NT"),
            ..windows_7
        },
        "Start-Control-Connection-Request: protocol version 1.0, framing capabilities async, bearer capabilities \
         analog, maximum channels 0, firmware revision 2195, host name \"\", vendor name \"Microsoft Windows NT\"",
    );
    check(
        "epiecs/packetlife-backup pcaps/PPTP_negotiation.cap, frame 6",
        "009c00011a2b3c4d0001000001 00*6 0100000001ffff01006c6f63616c 00*59 69786961 00*60",
        StartControlConnectionRequest {
            maximum_channels: 65535,
            firmware_revision: 256,
            host_name: text("local"),
            vendor_name: text("ixia"),
            ..windows_7
        },
        "Start-Control-Connection-Request: protocol version 1.0, framing capabilities async, bearer capabilities \
         analog, maximum channels 65535, firmware revision 256, host name \"local\", vendor name \"ixia\"",
    );
    check(
        "pptp-linux: k-idle-echo, frame 4",
        "009c00011a2b3c4d0001000001 00*6 0300000003ffff00016c6f63616c 00*59 63616e616e69616e 00*56",
        StartControlConnectionRequest {
            maximum_channels: 65535,
            firmware_revision: 1,
            ..StartControlConnectionRequest::new(text("local"), text("cananian"))
        },
        "Start-Control-Connection-Request: protocol version 1.0, framing capabilities async+sync, bearer capabilities \
         analog+digital, maximum channels 65535, firmware revision 1, host name \"local\", vendor name \"cananian\"",
    );
}

/// A frame that the radio damaged: rubbish behind the NUL of the host name, and a vendor name that fills its field.
#[test]
fn a_damaged_start_control_connection_request() {
    let bytes = bytes(
        "009c00011a2b3c4d0001000001 00*6 010000000100000893 00*33 76a8bb5d8d1e978633dbfc3a7bbfa45265f1e4f99c9786d3\
         b0341602bd41157fb26bb6c012916504e3821757e88c0b7a36c3a2a4ef524a85fb4c571e78767092c332e324d41c52afd7bc0576f3d4\
         807fe937317e8a6da9a84689ec79bf6479",
    );
    let message = decode(&bytes);
    let Message::StartControlConnectionRequest(request) = message else { panic!("{message}") };
    assert_eq!(request.firmware_revision, 2195, "joswr1ght/asleap samples/pptp.dump, frame 30");
    assert_eq!(request.host_name.as_bytes(), b"");
    assert_eq!(request.host_name.raw()[33..35], [0x76, 0xa8]);
    assert_eq!(request.vendor_name.as_bytes(), &bytes[92..]);
    assert!(message.to_string().contains(r#"host name "", vendor name "\x7f\xb2k\xb6\xc0\x12\x91e\x04\xe3\x82"#));
    assert_eq!(message.encode(&mut [0; 156]), Ok(&bytes[..]));
}

#[test]
fn start_control_connection_replies() {
    let pptpd = StartControlConnectionReply {
        reserved0: 0,
        protocol_version: ProtocolVersion::V1_0,
        result_code: StartResult::SUCCESSFUL,
        error_code: GeneralError::NONE,
        framing_capabilities: Framing::NONE,
        bearer_capabilities: Bearer::NONE,
        maximum_channels: 1,
        firmware_revision: 1,
        host_name: text("local"),
        vendor_name: text("linux"),
    };
    check(
        "openwall/john-samples PPTP_MS-CHAPv2/lulu-password-pptp.pcap, frame 12",
        "009c00011a2b3c4d00020000010001 00*10 0100016c6f63616c 00*59 6c696e7578 00*59",
        pptpd,
        "Start-Control-Connection-Reply: protocol version 1.0, result code Successful channel establishment (1), \
         framing capabilities none, bearer capabilities none, maximum channels 1, firmware revision 1, \
         host name \"local\", vendor name \"linux\"",
    );
    check(
        "the-tcpdump-group/tcpdump tests/pptp.pcap, frame 8",
        "009c00011a2b3c4d00020000010001 00*10 0100016c6f63616c 00*59 4d6f7265746f6e426179 00*54",
        StartControlConnectionReply { vendor_name: text("MoretonBay"), ..pptpd },
        "Start-Control-Connection-Reply: protocol version 1.0, result code Successful channel establishment (1), \
         framing capabilities none, bearer capabilities none, maximum channels 1, firmware revision 1, \
         host name \"local\", vendor name \"MoretonBay\"",
    );
    check(
        "epiecs/packetlife-backup pcaps/PPTP_negotiation.cap, frame 7",
        "009c00011a2b3c4d00020000010001000000000300000003000012006978726f2d736d6465762d7231 00*51 \
         436973636f2053797374656d732c20496e632e 00*45",
        StartControlConnectionReply {
            firmware_revision: 4608,
            ..StartControlConnectionReply::new(
                StartResult::SUCCESSFUL,
                text("ixro-smdev-r1"),
                text("Cisco Systems, Inc."),
            )
        },
        "Start-Control-Connection-Reply: protocol version 1.0, result code Successful channel establishment (1), \
         framing capabilities async+sync, bearer capabilities analog+digital, maximum channels 0, \
         firmware revision 4608, host name \"ixro-smdev-r1\", vendor name \"Cisco Systems, Inc.\"",
    );
    check(
        "accel-ppp: x-accel-mschapv2-mppe128, frame 6",
        "009c00011a2b3c4d00020000010001000000000300000003000100016c6f63616c 00*59 63616e616e69616e 00*56",
        StartControlConnectionReply {
            framing_capabilities: Framing::ANY,
            bearer_capabilities: Bearer::ANY,
            vendor_name: text("cananian"),
            ..pptpd
        },
        "Start-Control-Connection-Reply: protocol version 1.0, result code Successful channel establishment (1), \
         framing capabilities async+sync, bearer capabilities analog+digital, maximum channels 1, \
         firmware revision 1, host name \"local\", vendor name \"cananian\"",
    );
}

#[test]
fn stop_control_connection() {
    check(
        "accel-ppp: x-accel-mschapv2-mppe128, frame 114",
        "001000011a2b3c4d0003 00*6",
        StopControlConnectionRequest::new(StopReason::new(0)),
        "Stop-Control-Connection-Request: reason unknown (0)",
    );
    check(
        "pptp-linux: x-accel-mschapv2-mppe128, frame 116",
        "001000011a2b3c4d0004000001000000",
        StopControlConnectionReply::new(StopResult::OK),
        "Stop-Control-Connection-Reply: result code OK (1)",
    );
}

#[test]
fn echoes() {
    check(
        "pptp-linux: k-idle-echo, frame 70",
        "001000011a2b3c4d0005000000000001",
        EchoRequest::new(1),
        "Echo-Request: identifier 1",
    );
    check(
        "pptpd: k-idle-echo, frame 71",
        "001400011a2b3c4d000600000000000101000000",
        EchoReply::new(1, EchoResult::OK),
        "Echo-Reply: identifier 1, result code OK (1)",
    );
    check(
        "accel-ppp: x-accel-idle-echo, frame 42",
        "001000011a2b3c4d000500001db47f52",
        EchoRequest::new(0x1db4_7f52),
        "Echo-Request: identifier 498368338",
    );
    check(
        "pptp-linux: x-accel-idle-echo, frame 44",
        "001400011a2b3c4d000600001db47f5201000000",
        EchoReply::new(0x1db4_7f52, EchoResult::OK),
        "Echo-Reply: identifier 498368338, result code OK (1)",
    );
}

#[test]
fn outgoing_call_requests() {
    check(
        "openwall/john-samples PPTP_MS-CHAPv2/lulu-password-pptp.pcap, frame 13",
        "00a800011a2b3c4d000700000b7400030000012c05f5e10000000003000000030040 00*134",
        OutgoingCallRequest::new(2932, 3),
        "Outgoing-Call-Request: call id 2932, call serial number 3, minimum BPS 300, maximum BPS 100000000, \
         bearer type analog+digital, framing type async+sync, packet receive window size 64, packet processing delay 0",
    );
    check(
        "the-tcpdump-group/tcpdump tests/pptp.pcap, frame 10",
        "00a800011a2b3c4d00070000000078280000012c05f5e10000000003000000030040 00*134",
        OutgoingCallRequest::new(0, 30760),
        "Outgoing-Call-Request: call id 0, call serial number 30760, minimum BPS 300, maximum BPS 100000000, \
         bearer type analog+digital, framing type async+sync, packet receive window size 64, packet processing delay 0",
    );
    check(
        "epiecs/packetlife-backup pcaps/PPTP_negotiation.cap, frame 9",
        "00a800011a2b3c4d00070000000100000000800080 00*6 0100000001000a 00*134",
        OutgoingCallRequest {
            minimum_bps: 32768,
            maximum_bps: 2_147_483_648,
            bearer_type: Bearer::ANALOG,
            framing_type: Framing::ASYNCHRONOUS,
            packet_receive_window_size: 10,
            ..OutgoingCallRequest::new(1, 0)
        },
        "Outgoing-Call-Request: call id 1, call serial number 0, minimum BPS 32768, maximum BPS 2147483648, \
         bearer type analog, framing type async, packet receive window size 10, packet processing delay 0",
    );
    check(
        "pptp-linux: x-accel-mschapv2-mppe128, frame 8",
        "00a800011a2b3c4d000700001a550000000009600098968000000003000000030003 00*134",
        OutgoingCallRequest {
            minimum_bps: 2400,
            maximum_bps: 10_000_000,
            packet_receive_window_size: 3,
            ..OutgoingCallRequest::new(0x1a55, 0)
        },
        "Outgoing-Call-Request: call id 6741, call serial number 0, minimum BPS 2400, maximum BPS 10000000, \
         bearer type analog+digital, framing type async+sync, packet receive window size 3, packet processing delay 0",
    );
}

#[test]
fn outgoing_call_replies() {
    check(
        "openwall/john-samples PPTP_MS-CHAPv2/lulu-password-pptp.pcap, frame 14",
        "002000011a2b3c4d0008000001000b740100000005f5e1000040 00*6",
        OutgoingCallReply::new(256, 2932, 100_000_000),
        "Outgoing-Call-Reply: call id 256, peer's call id 2932, result code Connected (1), connect speed 100000000, \
         packet receive window size 64, packet processing delay 0, physical channel id 0",
    );
    check(
        "the-tcpdump-group/tcpdump tests/pptp.pcap, frame 13",
        "002000011a2b3c4d0008 00*6 0100000005f5e1000040 00*6",
        OutgoingCallReply::new(0, 0, 100_000_000),
        "Outgoing-Call-Reply: call id 0, peer's call id 0, result code Connected (1), connect speed 100000000, \
         packet receive window size 64, packet processing delay 0, physical channel id 0",
    );
    check(
        "epiecs/packetlife-backup pcaps/PPTP_negotiation.cap, frame 10",
        "002000011a2b3c4d0008000000180001010000000000fa000010 00*6",
        OutgoingCallReply { packet_receive_window_size: 16, ..OutgoingCallReply::new(24, 1, 64_000) },
        "Outgoing-Call-Reply: call id 24, peer's call id 1, result code Connected (1), connect speed 64000, \
         packet receive window size 16, packet processing delay 0, physical channel id 0",
    );
    check(
        "accel-ppp: x-accel-mschapv2-mppe128, frame 9",
        "002000011a2b3c4d0008000000011a5501000000009896800003 00*6",
        OutgoingCallReply { packet_receive_window_size: 3, ..OutgoingCallReply::new(1, 0x1a55, 10_000_000) },
        "Outgoing-Call-Reply: call id 1, peer's call id 6741, result code Connected (1), connect speed 10000000, \
         packet receive window size 3, packet processing delay 0, physical channel id 0",
    );
    check(
        "hand-made from RFC 2637 section 2.8",
        "002000011a2b3c4d00080001000200030704001500000006000700080000000a",
        OutgoingCallReply {
            reserved0: 1,
            call_id: 2,
            peer_call_id: 3,
            result_code: OutgoingCallResult::DO_NOT_ACCEPT,
            error_code: GeneralError::NO_RESOURCE,
            cause_code: CauseCode::CALL_REJECTED,
            connect_speed: 6,
            packet_receive_window_size: 7,
            packet_processing_delay: 8,
            physical_channel_id: 10,
        },
        "Outgoing-Call-Reply: reserved0 1, call id 2, peer's call id 3, result code Do Not Accept (7), \
         error code No-Resource (4), cause code Call rejected (21), connect speed 6, packet receive window size 7, \
         packet processing delay 8, physical channel id 10",
    );
}

#[test]
fn incoming_calls() {
    check(
        "hand-made from RFC 2637 section 2.9",
        "00dc00011a2b3c4d0009000012345678000000020000abcd00030004 313233 00*61 34353637 00*60 3839 00*62",
        IncomingCallRequest {
            reserved0: 0,
            call_id: 0x1234,
            call_serial_number: 0x5678,
            bearer_type: Bearer::DIGITAL,
            physical_channel_id: 0xabcd,
            dialed_number_length: 3,
            dialing_number_length: 4,
            dialed_number: text("123"),
            dialing_number: text("4567"),
            subaddress: text("89"),
        },
        "Incoming-Call-Request: call id 4660, call serial number 22136, bearer type digital, \
         physical channel id 43981, dialed number length 3, dialing number length 4, dialed number \"123\", \
         dialing number \"4567\", subaddress \"89\"",
    );
    check(
        "hand-made from RFC 2637 section 2.10",
        "001800011a2b3c4d000a0000000100020305000600070008",
        IncomingCallReply {
            reserved0: 0,
            call_id: 1,
            peer_call_id: 2,
            result_code: IncomingCallResult::DO_NOT_ACCEPT,
            error_code: GeneralError::BAD_CALL_ID,
            packet_receive_window_size: 6,
            packet_transmit_delay: 7,
            reserved1: 8,
        },
        "Incoming-Call-Reply: call id 1, peer's call id 2, result code Do Not Accept (3), error code Bad-Call ID (5), \
         packet receive window size 6, packet transmit delay 7, reserved1 8",
    );
    check(
        "hand-made from RFC 2637 section 2.11",
        "001c00011a2b3c4d000b0000000100020000fa000004000500000001",
        IncomingCallConnected {
            reserved0: 0,
            peer_call_id: 1,
            reserved1: 2,
            connect_speed: 64_000,
            packet_receive_window_size: 4,
            packet_transmit_delay: 5,
            framing_type: Framing::ASYNCHRONOUS,
        },
        "Incoming-Call-Connected: peer's call id 1, reserved1 2, connect speed 64000, packet receive window size 4, \
         packet transmit delay 5, framing type async",
    );
}

#[test]
fn ends_of_calls() {
    check(
        "pptp-linux: k-idle-echo, frame 112",
        "001000011a2b3c4d000c00002daa0000",
        CallClearRequest::new(0x2daa),
        "Call-Clear-Request: call id 11690",
    );
    check(
        "accel-ppp: x-accel-mschapv2-mppe128, frame 112",
        "009400011a2b3c4d000d00001a5503 00*133",
        CallDisconnectNotify::new(0x1a55, DisconnectResult::ADMIN_SHUTDOWN),
        "Call-Disconnect-Notify: call id 6741, result code Admin Shutdown (3)",
    );
    check(
        "hand-made from RFC 2637 section 2.13",
        "009400011a2b3c4d000d0000000102060010000068690a 00*125",
        CallDisconnectNotify {
            error_code: GeneralError::PAC_ERROR,
            cause_code: CauseCode::NORMAL_CALL_CLEARING,
            call_statistics: text("hi\n"),
            ..CallDisconnectNotify::new(1, DisconnectResult::GENERAL_ERROR)
        },
        "Call-Disconnect-Notify: call id 1, result code General Error (2), error code PAC-Error (6), \
         cause code Normal call clearing (16), call statistics \"hi\\n\"",
    );
}

#[test]
fn reports_about_the_line() {
    check(
        "hand-made from RFC 2637 section 2.14",
        "002800011a2b3c4d000e00000007 0000 00000001 00000002 00000003 00000004 00000005 00000006",
        WanErrorNotify {
            reserved0: 0,
            peer_call_id: 7,
            reserved1: 0,
            crc_errors: 1,
            framing_errors: 2,
            hardware_overruns: 3,
            buffer_overruns: 4,
            timeout_errors: 5,
            alignment_errors: 6,
        },
        "WAN-Error-Notify: peer's call id 7, CRC errors 1, framing errors 2, hardware overruns 3, buffer overruns 4, \
         time-out errors 5, alignment errors 6",
    );
    check(
        "openwall/john-samples PPTP_MS-CHAPv2/lulu-password-pptp.pcap, frame 16",
        "001800011a2b3c4d000f000001000000ffffffffffffffff",
        SetLinkInfo::new(256, Accm::ALL, Accm::ALL),
        "Set-Link-Info: peer's call id 256, send ACCM 0xffffffff, receive ACCM 0xffffffff",
    );
    check(
        "joswr1ght/asleap samples/pptp.dump, frame 104",
        "001800011a2b3c4d000f00000004 00*6 ffffffff",
        SetLinkInfo::new(4, Accm::NONE, Accm::ALL),
        "Set-Link-Info: peer's call id 4, send ACCM 0x00000000, receive ACCM 0xffffffff",
    );
}

/// Known deviations of peers, and how they are read.
#[test]
fn deviations_are_taken() {
    // A Cisco puts something into reserved0; Windows 95 does not fill up its texts.
    let bytes = bytes(&format!("009c00011a2b3c4d0001 7f01 0100 0203 00*12 {} {}", "41".repeat(64), "42".repeat(64)));
    let message = decode(&bytes);
    let Message::StartControlConnectionRequest(request) = message else { panic!("{message}") };
    assert_eq!((request.reserved0, request.reserved1), (0x7f01, 0x0203));
    assert_eq!((request.framing_capabilities, request.bearer_capabilities), (Framing::NONE, Bearer::NONE));
    assert_eq!(request.host_name.as_bytes(), [b'A'; 64]);
    assert_eq!(request.vendor_name.as_bytes(), [b'B'; 64]);
    assert!(message.to_string().starts_with("Start-Control-Connection-Request: reserved0 32513, protocol version 1.0"));

    // A modem's result code.
    let message = decode(&crate::bytes("009c00011a2b3c4d0002 0000 0100 00 00 00*140"));
    let Message::StartControlConnectionReply(reply) = message else { panic!("{message}") };
    assert_eq!(reply.result_code, StartResult::new(0));
    assert!(message.to_string().contains("result code unknown (0), framing capabilities none"));
}
