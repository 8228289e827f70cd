//! Packets that real peers sent, with keys that came of their passwords.

use alloc::vec::Vec;

use crate::{Config, Decryptor, Direction, MasterKey, Mode, Side, StartKey, Strength};

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn check(protocol: u16, packet: &[u8]) {
    let word = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    if protocol == 0x0057 {
        assert_eq!(usize::from(word(4)) + 40, packet.len());
        return;
    }
    let sum: u32 = (0..usize::from(packet[0] & 15) * 4).step_by(2).map(|at| u32::from(word(at))).sum();
    assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    assert_eq!(usize::from(word(2)), packet.len());
}

/// Decrypts the packets: IPv4 with a right header checksum, or IPv6 of the right length, and gives them.
fn decrypt_all(start: &StartKey, mode: Mode, packets: &[&str]) -> Vec<Vec<u8>> {
    let mut decryptor = Decryptor::new(start, &Config::new(mode));
    let decrypted: Vec<Vec<u8>> = packets
        .iter()
        .map(|packet| {
            let mut packet = hex::decode(packet).unwrap();
            let decrypted = decryptor.decrypt(&mut packet).unwrap();
            check(decrypted.protocol(), decrypted.payload());
            decrypted.payload().to_vec()
        })
        .collect();
    assert_eq!(decryptor.statistics().rx_packets_dropped, 0);
    decrypted
}

/// A Windows 7 client of pppd, 128 bit stateless, out of a public capture (`pptp-win7-pptpd-mschapv2.pcap`).
#[test]
fn windows_7() {
    let master = MasterKey::from_bytes(bytes("01e3368b81a41d667d97ea8d822bbb4f"));
    let start = master.start_key(Strength::Bits128, Side::Server, Direction::Receive);
    let packets = [
        "9000e79c9730a73cebec643fe09dea0a49396bf88c208aced654b3c65c23b1d838a5b98a61290219d4812e14",
        "9001b0ecefa28eaf976ecbed04a89dcc6154ab8784cfd58638ed94b94c96172e0cb051b13e8fe0dec5fc03d9c0fea3700ee414fa8bd75f9a829187b60c8de1564232367431dc1b911050a59bde19379a64140698c238dd990ba828906440a74b3fd7bee4",
    ];
    let first = "460000280000000001028127c0a802eae0000016940400002200ea030000000104000000effffffa";
    assert_eq!(hex::encode(&decrypt_all(&start, Mode::Stateless, &packets)[0]), first);
}

/// A Windows 2000 client of pppd, 128 bit stateless, out of a public capture (`pptp-win2000-poptop-80211.pcap`).
#[test]
fn windows_2000() {
    let master = MasterKey::from_bytes(bytes("1793822232ffc3330c9200298f2ce67a"));
    let start = master.start_key(Strength::Bits128, Side::Client, Direction::Send);
    let packets = [
        "9000785f8e5198352e930c87c35a940ce5502c9b00964ebcab09425dc6b28a99b5f4d715b23482e162095d1cff5757539454c94ac8d7c9b19ab01110ef168f61e2457dd8fdff83ac61709966e4b654c0e328d336e9165085eda89b4c8f7a8a34bd231226",
        "90016666e565cd54ba051093c7ce7643eb3422591179d81cd81017867c3ba8e660f3e7cfc3cfe3590107b8989f1a59add74ea15dbffb06c631c4af83c693718b9bfe0112250117a537054d8d5446bfd52fb65003e602d7b561bddaa8efaf4b4b6ad222a8",
    ];
    decrypt_all(&start, Mode::Stateless, &packets);
}

/// pppd with Linux, MS-CHAPv2, 40 bit stateless (our capture `c-mschapv2-mppe40`).
#[test]
fn linux_40_bit() {
    let start = StartKey::from_bytes(Strength::Bits40, bytes("26e16ac65ccc207d26e16ac65ccc207d"));
    let packets = [
        "9000e08449510bf4aae3d626d72c2593cc08daafb95a46005a39dbf0353e5b575c41bea9aa860946dafd6f3b341cbc634952c475",
        "900141ca6bec4c5312325bf2ba2d1995d0510a5505cab501e9aaa0d8df77404ae0692b27ceb8674c7920ebc9781a174f43cd8adb946ac86cdacc93fa2a8129b84f450162c0568e1c08774c1af0fb532dbfa169a7b059125d",
    ];
    decrypt_all(&start, Mode::Stateless, &packets);
}

/// pppd with Linux, MS-CHAPv1, 128 bit stateless (our capture `d-mschapv1-mppe128`).
#[test]
fn linux_from_ms_chap_v1() {
    let start = StartKey::from_bytes(Strength::Bits128, bytes("50cd709af5dc8d03ffb69d91cefb33a8"));
    let packets = [
        "9000b1bad297611cdc1ff8af6df302b1f83689c46af1cae97f49bb2d9c0e0c8c3e4bb94542a9f59d320445b835d0a5aa5d4b0bf7",
        "9001bf7340d50df7ce9e42954365d219d9f2cbb7683e119ddc1fb3c27782794c300c599ab34def8e22d315f7a60fe511b7fa6bee0087407ed1f8f542be46056a739391278c332f9f074f771f0a07104711532870f1391ddd",
    ];
    decrypt_all(&start, Mode::Stateless, &packets);
}

/// pppd with Linux, MS-CHAPv2, 128 bit stateful: the first packet is not FLUSHED (our capture `b-mppe128-stateful`).
#[test]
fn linux_stateful() {
    let start = StartKey::from_bytes(Strength::Bits128, bytes("a0c7c600c4817515f37df651cdbcaecd"));
    let packets = [
        "100050ee738b6b089e9d0b0c338473b12c348452b2400c1d8c7087342ce49f822038fc8544418fd39bd94f3ebfad6ffddd93c621",
        "10014bba0c63df9e7fd54b19906a928be1b8e6923ffb5a9c4fae9bf50b284e9a50abaa3f6672842b76befa0e0ff0db801e9a11e077127c5bc2fd833de139c294af2c89e678828415d5cd0b5b98d1c014ddf43355624fbf68",
    ];
    decrypt_all(&start, Mode::Stateful, &packets);
}
