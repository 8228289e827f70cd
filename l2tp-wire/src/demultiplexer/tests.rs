use super::*;

const NOW: Duration = Duration::ZERO;

fn address(text: &str) -> Address {
    Address::udp(text.parse().unwrap())
}

fn table<const N: usize>() -> Demultiplexer<u8, [Option<Entry<u8>>; N]> {
    Demultiplexer::new([const { None }; N], [7; 32])
}

fn control_v2(tunnel: u16) -> [u8; 12] {
    let [high, low] = tunnel.to_be_bytes();
    [0xc8, 2, 0, 12, high, low, 0, 0, 0, 0, 0, 0]
}

#[test]
fn cve_2024_49940_id_version_and_source_must_all_fit() {
    let peer = address("192.0.2.1:1701");
    let mut table = table::<8>();
    table.insert(Key::TunnelV2(7), peer, 1).unwrap();
    table.insert(Key::TunnelV3(7), peer, 2).unwrap();
    table.insert(Key::SessionV2(7, 9), peer, 3).unwrap();
    table.insert(Key::SessionV3(9), peer, 4).unwrap();
    assert_eq!(
        table.insert(Key::SessionV3(9), address("192.0.2.9:1701"), 5),
        Err(InsertError::Exists(Key::SessionV3(9)))
    );
    assert_eq!(table.route(peer, &control_v2(7)), Ok(Route::Tunnel(&mut 1)));
    assert_eq!(table.route(peer, b"\xc8\x03\0\x0c\0\0\0\x07\0\0\0\0"), Ok(Route::Tunnel(&mut 2)));
    assert_eq!(table.route(peer, b"\0\x02\0\x07\0\x09data"), Ok(Route::Session(&mut 3)));
    assert_eq!(table.route(peer, b"\0\x03\0\0\0\0\0\x09data"), Ok(Route::Session(&mut 4)));
    assert_eq!(table.route(peer, &control_v2(0)), Ok(Route::Request));

    // RouterOS: data from another port, control not.
    let port = address("192.0.2.1:5000");
    assert_eq!(table.route(port, &control_v2(7)), Err(RouteError::OtherSource(Key::TunnelV2(7))));
    assert_eq!(table.route(port, b"\0\x02\0\x07\0\x09data"), Ok(Route::Session(&mut 3)));
    for other in [address("192.0.2.2:1701"), address("[2001:db8::1]:1701")] {
        assert!(matches!(table.route(other, &control_v2(7)), Err(RouteError::OtherSource(_))));
        assert!(matches!(table.route(other, b"\0\x02\0\x07\0\x09data"), Err(RouteError::OtherSource(_))));
    }
    // The other carrier is another source too.
    let ip = Address::ip(peer.host());
    assert!(matches!(table.route(ip, b"\0\0\0\x09data"), Err(RouteError::OtherSource(_))));
    assert_eq!(table.route(peer, &control_v2(8)), Err(RouteError::Unknown(Key::TunnelV2(8))));
    assert!(matches!(table.route(peer, b"\0\x01"), Err(RouteError::Decode(_))));
}

#[test]
fn half_open_tunnels_are_bounded_in_all_and_for_each_host() {
    let mut table = table::<8>().with_half_open_limits(4, 2);
    let (one, two, three) = (address("192.0.2.1:1"), address("192.0.2.1:2"), address("192.0.2.3:3"));
    table.insert_half_open(Key::TunnelV2(1), one, 1).unwrap();
    table.insert_half_open(Key::TunnelV2(2), two, 2).unwrap();
    assert_eq!(table.admit(one), Err(AdmitError::HalfOpenOfHost { limit: 2 }));
    assert_eq!(table.admit(three), Ok(()));
    table.prove(Key::TunnelV2(1));
    assert_eq!(table.admit(one), Ok(()));
    for id in 3..6 {
        table.insert_half_open(Key::TunnelV2(id), three, 3).unwrap();
    }
    assert_eq!(table.admit(one), Err(AdmitError::HalfOpen { limit: 4 }));
    assert_eq!(table.tunnels_of(three).map(|(key, _)| key).collect::<alloc::vec::Vec<_>>().len(), 3);
    assert_eq!(table.remove(NOW, Key::TunnelV2(3)), Some(3));
    assert_eq!(table.remove(NOW, Key::TunnelV2(3)), None);
    assert_eq!((table.admit(one), table.len()), (Ok(()), 4));
}

#[test]
fn ids_are_random_and_rest_for_a_minute() {
    let mut table = table::<4>();
    let first = table.allocate(NOW);
    let other = Demultiplexer::<u8, _>::new([const { None }; 4], [8; 32]).allocate(NOW);
    assert_ne!(first, other);
    let peer = address("192.0.2.1:1701");
    for number in 0..4 {
        let ids = table.allocate(NOW);
        table.insert(Key::TunnelV2(ids.v2), peer, number).unwrap();
    }
    let ids = table.allocate(NOW);
    assert_eq!(table.insert(Key::TunnelV2(ids.v2), peer, 9), Err(InsertError::Full { capacity: 4 }));
    assert_ne!(TunnelIds::new([1; 32]), TunnelIds::new([2; 32]));
}

#[test]
fn the_source_follows_the_port_of_the_first_answer() {
    let mut table = table::<4>();
    table.insert(Key::TunnelV2(5), address("192.0.2.1:1701"), 1).unwrap();
    table.set_source(Key::TunnelV2(5), address("192.0.2.1:40000"));
    assert!(table.route(address("192.0.2.1:1701"), &control_v2(5)).is_err());
    assert!(table.route(address("192.0.2.1:40000"), &control_v2(5)).is_ok());
    assert_eq!(table.host_of(Key::TunnelV2(5)), Some("192.0.2.1".parse().unwrap()));
}

#[test]
fn memory_is_what_the_documentation_says() {
    assert!(size_of::<Entry<u32>>() <= 64 + 4, "{}", size_of::<Entry<u32>>());
    let table = size_of::<Demultiplexer<u32, [Option<Entry<u32>>; 0]>>();
    assert!(table <= 2048, "{table}");
}
