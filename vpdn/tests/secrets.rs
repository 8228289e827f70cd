//! The secret is tried on every kind of authentication.

#![expect(clippy::unwrap_used, reason = "tests may fail")]

mod common;

use common::{inspect, recordings, say, shared};

fn text(path: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = inspect(path, arguments);
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// RFC 1994 section 4.1, RFC 1334 section 2.2: recorded sessions with CHAP-MD5 and PAP.
#[test]
fn a_password_is_checked_against_chap_with_md5_and_pap() {
    for (name, proof) in [("e-chapmd5", "the client's Response"), ("f-pap", "the client's Authenticate-Request")] {
        let recordings = recordings();
        let (_, path, password) = recordings.iter().find(|(recording, ..)| recording == name).unwrap();
        let (status, told) = text(path, &["--password", password]);
        assert_eq!(status, Some(0), "{told}");
        assert!(told.contains("accepted; the given secret fits"), "{told}");
        let (status, told) = text(path, &["--password", "another"]);
        assert_eq!(status, Some(1), "{told}");
        let sentence = format!("wrong password for \"alice\": it does not fit {proof} in session 1");
        assert!(told.contains(&sentence), "{told}");
        // The password of somebody else is not tried.
        let (status, told) = text(path, &["--user", "bob", "--password", "another"]);
        assert_eq!(status, Some(0), "{told}");
    }
}

/// The NT hash of a password says as much of a password in the clear.
#[test]
fn a_hash_is_checked_against_pap() {
    let recordings = recordings();
    let (_, path, password) = recordings.iter().find(|(recording, ..)| recording == "f-pap").unwrap();
    let hash = hex::encode(mschap::NtHash::from_password(password.as_str()).as_bytes());
    let (_, told) = text(path, &["--nt-hash", &hash]);
    assert!(told.contains("accepted; the given secret fits"), "{told}");
}

/// RFC 3748 section 5.4: both routers of the public capture have proved themselves with one password.
#[test]
fn a_password_is_checked_against_eap_md5() {
    let Some(folder) = shared() else { return };
    let path = folder.join("ppp-cisco-eap.pcap");
    let (_, told) = text(&path, &["--password", "wrong"]);
    assert!(told.contains("the given secret does not fit the client's Response"), "{told}");
    // An exchange of our own, with what RFC 3748 section 5.4 says of it.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), common::pcap(204, &eap_md5())).unwrap();
    let (status, told) = text(file.path(), &["--password", "wonderland"]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("EAP of \"alice\", accepted; the given secret fits"), "{told}");
    let (status, told) = text(file.path(), &["--password", "wonderlan"]);
    assert_eq!(status, Some(1), "{told}");
    say!("EAP-MD5: the right password fits, another does not");
}

/// Returns Identity, MD5-Challenge and Success, from a server that is the other end.
fn eap_md5() -> Vec<((u64, u32), Vec<u8>)> {
    // MD5 of 02, "wonderland", 0123456789abcdef: computed with Python's hashlib.
    let response = "ff03c227 0202001b 04 10 32bd58e52e2c6daf74671f85c2022bee 616c696365";
    let frames = [
        "00 ff03c227 01010005 01",
        "01 ff03c227 0201000a 01 616c696365",
        "00 ff03c227 0102000e 04 08 0123456789abcdef",
        &format!("01 {response}"),
        "00 ff03c227 03020004",
    ];
    frames.map(|frame| ((0, 0), hex::decode(frame.replace(' ', "")).unwrap())).to_vec()
}
