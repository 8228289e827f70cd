//! Why we decide differently.

use crate::difference::Difference;

/// Returns the reason, or `None` where it is missing.
pub fn of(session: &str, difference: &Difference) -> Option<&'static str> {
    let recorded = difference.recorded.first().map_or("", String::as_str);
    let ours = difference.ours.first().map_or("", String::as_str);
    let authentication = || authentication(recorded, ours);
    end(recorded, ours).or_else(|| link(session, recorded, ours)).or_else(authentication).or_else(|| {
        let by_session: Rule = match session.split('-').next()? {
            "b" | "c" | "h" => encryption,
            "l" => compression,
            "x" => accel,
            _ => return None,
        };
        by_session(recorded, ours)
    })
}

type Rule = fn(&str, &str) -> Option<&'static str>;

/// Returns how links end.
fn end(recorded: &str, ours: &str) -> Option<&'static str> {
    Some(match (recorded, ours) {
        ("LCP TERMREQ: MPPE disabled" | "LCP TERMREQ: User request", "LCP TERMREQ") => {
            "who hangs up says it without a text"
        }
        ("LCP TERMREQ: MPPE disabled", "") => {
            "pppd sends a second one, since its CCP that closes closes the link once more"
        }
        (
            "LCP TERMREQ"
            | "LCP TERMREQ: Authentication failed"
            | "LCP TERMREQ: Failed to authenticate ourselves to peer",
            "LCP TERMREQ: error 691",
        )
        | ("LCP TERMREQ: MPPE required but peer refused", "LCP TERMREQ: error 742") => {
            "the reason is Microsoft's number, which Windows shows, instead of a text or of nothing"
        }
        ("LCP TERMREQ: Failed to authenticate ourselves to peer", "LCP TERMREQ") => {
            "the server allows another try, and the user hangs up; pppd does not ask it"
        }
        ("end by Peer", "end by ThisSide") => "both sides end it at the same time",
        ("", "1 of 35 data packets refused: Compressed is not taken now") => "it comes after the user has hung up",
        _ => return None,
    })
}

/// Explains differences of LCP.
fn link(session: &str, recorded: &str, ours: &str) -> Option<&'static str> {
    let without = |text: &str| text.replace("c021 ", "").replace("ff03", "");
    if recorded.starts_with("c021 LCP ECHO") && ours == format!("ff03{recorded}") && without(recorded) == without(ours)
    {
        return Some("Linux leaves address and control out of echoes; RFC 1661 section 6.6 does not allow it in LCP");
    }
    Some(match (recorded, ours) {
        ("LCP ECHOREQ", "") => "pppd asks as soon as LCP is open, ours after one interval",
        ("", "LCP ECHOREQ") if session.contains("echo") || session.starts_with("x-accel") => {
            "the intervals do not begin at the same time"
        }
        ("", "LCP ECHOREP id 4") | ("LCP ECHOREP id 4", "") => "the same reply, before or behind a request of its own",
        _ => return None,
    })
}

/// Texts of Success and Failure.
fn authentication(recorded: &str, ours: &str) -> Option<&'static str> {
    Some(match (recorded, ours) {
        (
            "CHAP SUCCESS \"S=… M=Access granted\"" | "CHAP SUCCESS \"S=… M=Authentication succeeded\"",
            "CHAP SUCCESS \"S=…\"",
        )
        | ("CHAP SUCCESS \"Access granted\"", "CHAP SUCCESS \"\"") => "our Success has no text besides the proof",
        ("CHAP FAILURE \"E=691 R=1 C=… V=0 M=Access denied\"", "CHAP FAILURE \"E=691 R=0 C=… V=3\"") => {
            "pppd says R=1 and ends the link; ours says R=0, and the version that RFC 2759 has"
        }
        ("CHAP FAILURE \"E=691 R=0 V=3 M=Authentication failure\"", "CHAP FAILURE \"E=691 R=0 C=… V=3\"") => {
            "our Failure has a challenge, as RFC 2759 says, and no text"
        }
        _ => return None,
    })
}

/// Explains CCP that comes to nothing.
fn encryption(recorded: &str, ours: &str) -> Option<&'static str> {
    Some(match (recorded, ours) {
        ("CCP CONFREJ id 1: MS-PPC S 128 bit stateful", "CCP CONFNAK id 1: MS-PPC H S 128 bit stateless")
        | ("CCP CONFREJ id 1: MS-PPC H S 128 bit stateless", "CCP CONFNAK id 1: MS-PPC H L 40 bit stateless")
        | ("CCP CONFREJ id 1: MS-PPC H L 40 bit stateless", "CCP CONFNAK id 1: MS-PPC H S 128 bit stateless")
        | ("CCP CONFACK id 1", "CCP CONFNAK id 1: MS-PPC H S 128 bit stateless") => {
            "ours says what it would take before it gives up, as RFC 3078 section 2.1 has it"
        }
        ("CCP CONFACK id 1: MS-PPC H S 128 bit stateless", "CCP CONFNAK id 1: MS-PPC S 128 bit stateful") => {
            "ours was told to prefer stateful, and asks for it once"
        }
        ("CCP CONFREJ id 1: MS-PPC H S 128 bit stateless" | "CCP CONFACK id 1: MS-PPC H S 128 bit stateless", "") => {
            "a client holds its answer to the first CCP request until its own is answered, and the peer was gone before"
        }
        ("", "CCP TERMREQ") => "CCP is closed before the link is",
        ("LCP TERMREQ: MPPE required but peer negotiation failed", "") | ("end by ThisSide", "end by Peer") => {
            "pppd gives up with the first refusal; ours waits for the answer to its Nak, and the recorded peer, refused, \
             gives up as well or is gone"
        }
        ("IPCP TERMACK id 1" | "IPV6CP TERMACK id 1", "") => HELD,
        _ => return None,
    })
}

const HELD: &str =
    "an early request is held until encryption is there, not terminated: some peers take that for the end";

/// Algorithms that are not ours.
fn compression(recorded: &str, ours: &str) -> Option<&'static str> {
    let is_ours_without = |recorded: &str, ours: &str| {
        recorded.replace("IPCompression VJ 16 slots, ", "") == ours || recorded.replace(": BSD-LZW 0x2f", "") == ours
    };
    let is_answer = |text: &str| text.contains("CONFACK") || text.contains("CONFNAK");
    match (recorded, ours) {
        (_, "IPCP CONFREJ id 1: IPCompression VJ 16 slots" | "IPCP CONFREJ id 2: IPCompression VJ 16 slots")
        | ("CCP CONFACK id 1: BSD-LZW 0x2f", "CCP CONFREJ id 1: BSD-LZW 0x2f")
            if is_answer(recorded) =>
        {
            Some("VJ and BSD-Compress are rejected")
        }
        _ if recorded.contains("CONFREQ") && is_ours_without(recorded, ours) => {
            Some("VJ and BSD-Compress are not asked for")
        }
        (
            "",
            "IPCP CONFACK id 65: Address 10.99.0.1" | "IPCP CONFACK id 66: Address 10.99.0.10" | "CCP CONFACK id 65",
        ) => Some("the request that was made for the peer, without what was rejected"),
        ("CCP TERMREQ: Lost compression sync", "") => Some("nothing is compressed that could be lost"),
        ("", "CCP TERMACK id 2") => Some("the recorded peer had lost what ours has not agreed to"),
        _ => None,
    }
}

/// Explains accel-ppp, and pppd with it.
fn accel(recorded: &str, ours: &str) -> Option<&'static str> {
    Some(match (recorded, ours) {
        (
            "LCP CONFREQ: AuthProto MS-CHAP-V2, MRU 1400, MagicNumber",
            "LCP CONFREQ: MRU 1400, AuthProto MS-CHAP-V2, MagicNumber",
        ) => "accel-ppp puts the authentication first, ours is in the order of the options' numbers",
        ("LCP CONFREJ id 1: ACCM 0x00000000, PFC, ACFC", "LCP CONFREJ id 1: PFC, ACFC") => {
            "accel-ppp rejects the ACCM, which means nothing in a tunnel; ours takes it"
        }
        (
            "LCP CONFREQ: AuthProto MS-CHAP, MRU 1400, MagicNumber",
            "LCP CONFREQ: MRU 1400, AuthProto CHAP-MD5, MagicNumber",
        )
        | ("LCP CONFREQ: AuthProto CHAP-MD5, MRU 1400, MagicNumber", "") => {
            "ours goes on with the method that the Nak names, accel-ppp with its next one"
        }
        ("LCP PROTREJ: IPV6CP, 0 bytes", "LCP PROTREJ: IPV6CP, 14 bytes") => {
            "accel-ppp leaves out the rejected packet, which RFC 1661 section 5.7 asks for"
        }
        ("", "IPCP CONFNAK id 1: Address 10.99.0.10") => {
            "accel-ppp drops a request that comes before it is ready, ours answers it"
        }
        ("IPCP TERMACK id 31" | "IPCP TERMACK id 113", "")
        | ("", "IPCP CONFACK id 31: Address 10.99.0.1" | "IPCP CONFACK id 113: Address 10.99.0.1") => HELD,
        _ => return None,
    })
}
