//! Each configuration of the documents that operators know, and what is said of mistakes.
#![expect(clippy::std_instead_of_core, reason = "a test, not a library")]
#![expect(clippy::unwrap_used, reason = "tests may fail")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use vpdn::config::{
    Config, KeyChange, Method, Mppe, Overlay, Protocol, Sequencing, Service, Strength, TypeOfService, Wanted,
};

fn example(name: &str) -> Config {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/config").join(name).with_extension("toml");
    Config::load(Some(&path), |_| Ok(Overlay::new())).unwrap()
}

#[test]
fn every_example_is_read_by_a_test() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/config");
    let source = include_str!("config.rs");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(source.contains(&format!("example(\"{name}\")")), "{name} has no test");
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn cisco_accepts_pptp_with_40_bits() {
    let config = example("cisco-pptp-mppe-40");
    let (group, template) = config.accepting(Protocol::Pptp).unwrap();
    assert_eq!(group.local_name.as_deref(), Some("cisco_pns"));
    assert_eq!(template.ppp_authentication.as_deref(), Some(&[Method::MsChapV1][..]));
    let mppe = template.ppp_encrypt_mppe.unwrap();
    assert_eq!(
        (mppe.strength, mppe.wanted, mppe.key_change),
        (Strength::Bits40, Wanted::Offered, KeyChange::Stateless)
    );
    let pool = config.ip_local_pool[template.peer_default_ip_address.as_ref().unwrap()];
    assert!(pool.contains(Ipv4Addr::new(10, 1, 1, 10)) && !pool.contains(Ipv4Addr::new(10, 1, 1, 101)));
    assert_eq!(config.user[0].password.as_ref().unwrap().expose(), "admin");
    assert!(config.accepting(Protocol::L2tp).is_none());
}

#[test]
fn cisco_tunes_pptp() {
    let config = example("cisco-pptp-tuning");
    let (group, template) = config.accepting(Protocol::Pptp).unwrap();
    assert_eq!(group.pptp_flow_control_receive_window, Some(16));
    assert_eq!(group.pptp_flow_control_static_rtt, Some(1500));
    assert_eq!(group.pptp_tunnel_echo, Some(60));
    let mppe = template.ppp_encrypt_mppe.unwrap();
    assert_eq!((mppe.strength, mppe.wanted, mppe.key_change), (Strength::Auto, Wanted::Required, KeyChange::Stateful));
    assert_eq!((template.dns.len(), template.nbns.len()), (2, 1));
    assert_eq!(config.user[0].nt_hash.as_ref().unwrap().hash().as_bytes()[..2], [0x44, 0xeb]);
}

#[test]
fn cisco_asks_radius() {
    let config = example("cisco-pptp-radius");
    let radius = config.radius.as_ref().unwrap();
    assert_eq!(radius.authentication[0].address, "10.200.20.245:1645".parse().unwrap());
    assert_eq!(radius.accounting[0].address, "10.200.20.245:1646".parse().unwrap());
    assert_eq!((radius.retransmit, radius.require_message_authenticator), (Some(3), None));
    assert_eq!(radius.accounting[0].secret.expose(), "cisco");
}

#[test]
fn cisco_accepts_pptp_with_auto() {
    let config = example("cisco-pptp-mppe-auto");
    let (_, template) = config.accepting(Protocol::Pptp).unwrap();
    assert_eq!(template.ppp_encrypt_mppe, Some(Mppe::default()));
}

#[test]
fn cisco_begins_l2tp() {
    let config = example("cisco-l2tp-client");
    let end = &config.virtual_ppp["1"];
    assert_eq!((end.pseudowire.vcid, end.ppp_chap_hostname.as_deref()), (10, Some("peer1")));
    let class = &config.pseudowire_class[&end.pseudowire.pw_class];
    assert_eq!(class.ip_local_interface.as_deref(), Some("eth0"));
    assert_eq!(end.ip_route[0].to_string(), "10.10.10.0/24");
}

#[test]
fn cisco_has_both_ends_of_l2tpv3() {
    assert_eq!(example("cisco-l2tpv3-client").virtual_ppp["1"].pseudowire.vcid, 15);
    let config = example("cisco-l2tpv3-server");
    let (group, template) = config.accepting(Protocol::L2tpv3).unwrap();
    assert_eq!((&*group.vcids, template.ppp_chap_hostname.as_deref()), (&[15][..], Some("peer2")));
}

#[test]
fn a_virtual_ppp_is_what_the_client_dials_by() {
    let load = |name: &str, arguments: &[&str]| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/config").join(format!("{name}.toml"));
        Config::load(Some(&file), |_| {
            let mut overlay = Overlay::new();
            overlay.set(&["client", "password"], "a password");
            arguments.iter().try_for_each(|text| overlay.set_text(text))?;
            Ok(overlay)
        })
    };
    let config = load("cisco-l2tp-client", &[]).unwrap();
    let client = config.client.as_ref().unwrap();
    assert_eq!((&*client.connect_to, &*client.user), ("172.24.13.196", "peer1"));
    assert_eq!((client.protocol, client.vcid), (Some(Protocol::L2tp), None));
    assert_eq!((client.address, client.routes.len()), (Some(Ipv4Addr::new(10, 0, 0, 2)), 1));
    assert_eq!(config.interface.as_deref(), Some("virtual-ppp1"));
    let template = &config.virtual_template[client.virtual_template.as_ref().unwrap()];
    assert_eq!(template.ppp_authentication.as_deref(), Some(&[Method::Chap][..]));

    let config = load("cisco-l2tpv3", &["client.user=other", "interface=tun7"]).unwrap();
    let client = config.client.as_ref().unwrap();
    assert_eq!((client.protocol, client.vcid, &*client.user), (Some(Protocol::L2tpv3), Some(15), "other"));
    assert_eq!(config.interface.as_deref(), Some("tun7"));
    // That of the pseudowire goes over that of its class.
    assert_eq!(config.pseudowire_class["pwclass2"].sequencing, Sequencing::Transmit);

    let second = "virtual-ppp.3={pseudowire={peer='192.0.2.1',vcid=1,pw-class='pwclass2'}}";
    let error = load("cisco-l2tpv3", &[second]).unwrap_err().to_string();
    assert!(error.contains("`connect-to` is missing, or the `virtual-ppp` of several"), "{error}");
    let config = load("cisco-l2tpv3", &[second, "client.virtual-ppp='3'"]);
    // It has no methods, and its default encryption goes with the default method.
    assert_eq!(config.unwrap().client.unwrap().connect_to, "192.0.2.1");
    let error = load("cisco-l2tpv3", &["client.virtual-ppp='4'"]).unwrap_err().to_string();
    assert!(error.contains("there is no virtual-ppp `4`"), "{error}");
}

#[test]
fn cisco_accepts_l2tp() {
    let config = example("cisco-l2tp-server");
    let (group, template) = config.accepting(Protocol::L2tp).unwrap();
    assert_eq!(group.terminate_from.as_deref(), Some("peer1"));
    assert_eq!(template.ppp_chap_hostname.as_deref(), Some("peer2"));
}

#[test]
fn cisco_has_all_keys_of_l2tpv3() {
    let config = example("cisco-l2tpv3");
    let class = &config.l2tp_class["l2tpclass2"];
    assert!(class.authentication && class.hidden);
    assert_eq!((class.receive_window, class.timeout_setup, class.hello), (Some(30), Some(400), Some(60)));
    assert_eq!((class.retransmit.initial_retries, class.retransmit.timeout.max), (Some(2), Some(8)));
    let class = &config.pseudowire_class["pwclass2"];
    assert_eq!((class.ip_tos, class.ip_ttl), (Some(TypeOfService::Reflect), Some(255)));
    assert!(class.ip_pmtu && class.ip_dfbit_set && class.sequencing == Sequencing::Both);
    assert_eq!(config.virtual_ppp["2"].pseudowire.sequencing, Some(Sequencing::Transmit));
}

#[test]
fn routeros_takes_users() {
    let config = example("routeros-server");
    let [jack, ex] = &config.user[..] else { panic!("{:?}", config.user) };
    assert_eq!((jack.service, jack.local_address), (Service::Any, Some(Ipv4Addr::new(10, 0, 0, 1))));
    assert_eq!((ex.service, ex.remote_address), (Service::Pptp, Some(Ipv4Addr::new(10, 0, 103, 2))));
    assert_eq!(ex.routes[0].to_string(), "10.150.1.0/24");
    assert_eq!(config.virtual_template["default"].keepalive_timeout, Some(30));
}

#[test]
fn routeros_dials() {
    let client = example("routeros-client").client.unwrap();
    assert!(client.add_default_route);
    assert_eq!((&*client.connect_to, &*client.user), ("10.1.1.12", "john"));
    let office = example("routeros-remote-office");
    assert_eq!(office.interface.as_deref(), Some("pptp-out1"));
    assert_eq!(office.client.unwrap().reconnect, Some(1000));
}

#[test]
fn one_group_accepts_tunnels_of_every_protocol() {
    let config = example("any-protocol");
    for protocol in [Protocol::Pptp, Protocol::L2tp, Protocol::L2tpv3] {
        let (group, template) = config.accepting(protocol).unwrap();
        assert_eq!(group.pseudowire_class.as_deref(), Some("office"), "{protocol:?}");
        assert_eq!(template.ip_address, Some(Ipv4Addr::new(10, 99, 0, 1)));
    }
    let class = &config.pseudowire_class["office"];
    assert_eq!((class.cookie_size, class.l2tp_class.as_deref()), (8, Some("office")));
    let services: Vec<_> = config.user.iter().map(|user| user.service).collect();
    assert_eq!(services, [Service::Any, Service::L2tp, Service::Pptp]);
}

#[test]
fn a_group_for_one_protocol_goes_before_one_for_each() {
    let group = |name: &str, protocol: &str| {
        format!(
            "[vpdn-group.{name}]\naccept-dialin = {{ protocol = '{protocol}', virtual-template = '1' }}\nlocal-name = \
             '{name}'\n"
        )
    };
    let text =
        group("a", "any") + &group("b", "l2tp") + &group("c", "l2tp") + "[virtual-template.1]\nip-address = '10.0.0.1'";
    let config = Config::parse(&text).unwrap();
    let name = |protocol| config.accepting(protocol).unwrap().0.local_name.clone().unwrap();
    assert_eq!([Protocol::Pptp, Protocol::L2tp, Protocol::L2tpv3].map(name), ["a", "b", "a"]);
}

/// With the servers' methods there may be keys; with MD5-Challenge there are none.
#[test]
fn eap_is_passed_through_to_radius_servers() {
    let radius = |more: &str| {
        let text = "[radius]\nauthentication = [{ address = '10.0.0.1:1812', secret = 'x' }]\n";
        format!("[virtual-template.1]\nppp-authentication = ['eap']\n{text}{more}")
    };
    assert!(Config::parse(&radius("eap-pass-through = true")).unwrap().radius.unwrap().eap_pass_through);
    assert!(Config::parse(&radius("")).unwrap_err().to_string().contains("none of these methods leaves keys"));
    for name in ["eap-ms-chap-v2", "eap-mschap2"] {
        let config = Config::parse(&format!("[virtual-template.1]\nppp-authentication = ['{name}']")).unwrap();
        let methods = config.virtual_template["1"].ppp_authentication.as_deref();
        assert_eq!(methods, Some(&[Method::EapMsChapV2][..]));
    }
}

/// A text and what is said of it.
const MISTAKES: [(&str, &str); 31] = [
    ("hostname = ", "line 1, column 12: string values must be quoted, expected literal string"),
    ("hostnam = 'x'", "line 1, column 1: unknown field `hostnam`"),
    ("\n[virtual-template.1]\n  mtu = 'big'", "line 3, column 9: invalid type: string \"big\", expected u16"),
    ("[virtual-template.1]\nmtu = 100", "line 2, column 7: 100 is not between 576 and 1500"),
    ("[virtual-template.1]\nppp-encrypt-mppe = '64'", "line 2, column 20: `auto`, `40`, `56`, `128`, or `none`"),
    (
        "[virtual-template.1]\nppp-authentication = ['pap']",
        "line 2, column 22: encryption is required, and none of these methods leaves keys",
    ),
    ("[virtual-template.1]\nppp-authentication = ['spap']", "line 2, column 23: unknown variant `spap`"),
    ("[virtual-template.1]\ndns = ['1.1.1.1','2.2.2.2','3.3.3.3']", "line 2, column 7: PPP has room for two"),
    ("[vpdn-group.a]\ndescription = 'x'", "line 1, column 1: a group has `accept-dialin` or `request-dialin`"),
    (
        "vpdn-group.a.accept-dialin = { protocol = 'pptp', virtual-template = '7' }",
        "line 1, column 70: there is no virtual-template `7`",
    ),
    ("[[user]]\nname = 'a'\n", "line 1, column 1: user `a` has `password` or `nt-hash`, and not both"),
    ("[[user]]\nname = 'a'\npassword = 'b'\nnt-hash = '00'", "line 4, column 11: an NT hash has 32 hexadecimal digits"),
    ("ip-local-pool.p = '10.0.0.9-10.0.0.1'", "line 1, column 19: the last address is before the first"),
    ("[radius]\nauthentication = []", "line 2, column 18: there is no server"),
    ("[l2tp-class.c]\nretransmit.timeout = { min = 9 }", "line 2, column 30: 9 is not between 1 and 8"),
    ("[l2tp-class.c]\nold-password = 'a'", "line 2, column 16: it is for when there is another `password`"),
    (
        "[pseudowire-class.p]\nencapsulation = 'l2tpv3'\ncookie-size = 5",
        "line 3, column 15: a cookie has 0, 4 or 8 bytes",
    ),
    (
        "[pseudowire-class.p]\nencapsulation = 'l2tpv2'\nsublayer = true",
        "line 3, column 12: version 2 has no such thing: `encapsulation` is `l2tpv2`",
    ),
    (
        "[pseudowire-class.p]\nencapsulation = 'l2tpv2'\nprotocol = 'none'",
        "line 3, column 12: it does not set up sessions of this `encapsulation`",
    ),
    (
        "[vpdn-group.g]\naccept-dialin = { protocol = 'l2tp', virtual-template = '1' }\npseudowire-class = 'p'\n\
         [virtual-template.1]\nip-address = '10.0.0.1'\n",
        "line 3, column 20: there is no pseudowire-class `p`",
    ),
    (
        "[vpdn-group.g]\naccept-dialin = { protocol = 'l2tp', virtual-template = '1' }\npseudowire-class = 'p'\n\
         [virtual-template.1]\nip-address = '10.0.0.1'\n[pseudowire-class.p]\nencapsulation = 'l2tpv2'\nip-pmtu = true",
        "line 3, column 20: `ip-pmtu` of this class is for a client",
    ),
    (
        "[vpdn-group.g]\naccept-dialin = { protocol = 'l2tp', virtual-template = '1' }\npseudowire-class = 'p'\n\
         [virtual-template.1]\nip-address = '10.0.0.1'\n[pseudowire-class.p]\nencapsulation = 'l2tpv2'\n\
         ip-local-interface = 'eth0'",
        "line 3, column 20: `ip-local-interface` of this class is for a client",
    ),
    (
        "[client]\nconnect-to = 'a'\nuser = 'b'\npassword = 'c'\nmanual = { local-id = 1, remote-id = 2 }",
        "line 5, column 10: it is for a `pseudowire-class` with `protocol = \"none\"`",
    ),
    (
        "[client]\nmanual = { local-id = 1, remote-id = 2, local-cookie = '123456' }",
        "line 2, column 56: a cookie has 8 or 16 hexadecimal digits",
    ),
    (
        "[client]\nconnect-to = 'a'\nprotocol = 'l2tpv3'\npseudowire-class = 'p'\nmanual = { local-id = 0, remote-id = \
         2, circuit = 'ethernet' }\n[pseudowire-class.p]\nencapsulation = 'l2tpv3'\nprotocol = 'none'",
        "line 5, column 23: 0 is the number of no session",
    ),
    (
        "listen = '10.0.0.1:1723'\n[vpdn-group.g]\naccept-dialin = { protocol = 'any', virtual-template = '1' }\n\
         [virtual-template.1]\nip-address = '10.0.0.1'\n",
        "line 1, column 10: PPTP and L2TP have ports of their own: an address without a port",
    ),
    (
        "listen = '2001:db8::1'\n[vpdn-group.g]\naccept-dialin = { protocol = 'any', virtual-template = '1' }\n\
         [virtual-template.1]\nip-address = '10.0.0.1'\n",
        "line 1, column 10: PPTP has addresses of IPv4 alone",
    ),
    ("listen = '[2001:db8::1'", "line 1, column 10: invalid socket address syntax: [2001:db8::1"),
    (
        "[vpdn-group.g]\naccept-dialin = { protocol = 'any', virtual-template = '1' }\n[virtual-template.1]\n",
        "line 3, column 1: tunnels that are accepted need the server's `ip-address`",
    ),
    (
        "[vpdn-group.g]\naccept-dialin = { protocol = 'all', virtual-template = '1' }",
        "line 2, column 30: unknown variant `all`, expected one of `pptp`, `l2tp`, `l2tpv3`, `any`",
    ),
    ("[client]\nconnect-to = 'a'\nuser = 'b'", "line 1, column 1: one of `password`, `password-file` and `nt-hash`"),
];

#[test]
fn mistakes_have_a_line_and_a_column() {
    for (text, expected) in MISTAKES {
        let error = Config::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}\n{error}\n{expected}");
    }
}

#[test]
fn l2tp_listens_at_addresses_of_both_versions() {
    let group = "[vpdn-group.g]\naccept-dialin = { protocol = 'l2tp', virtual-template = '1' }\n\
                 [virtual-template.1]\nip-address = '10.0.0.1'\n";
    for (text, expected) in [
        ("192.0.2.1", "192.0.2.1:1701"),
        ("192.0.2.1:1702", "192.0.2.1:1702"),
        ("::", "[::]:1701"),
        ("2001:db8::1", "[2001:db8::1]:1701"),
        ("[2001:db8::1]", "[2001:db8::1]:1701"),
        ("[2001:db8::1]:1702", "[2001:db8::1]:1702"),
    ] {
        let config = Config::parse(&format!("listen = '{text}'\n{group}")).unwrap();
        assert_eq!(config.listen.with_default_port(1701), expected.parse().unwrap(), "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = "[virtual-template.1]\nmtu = 1\nmru = 2\n[[user]]\nname = 'a'\npassword = 'b'\n[[user]]\nname = 'a'\npassword = 'c'\n";
    let error = Config::parse(text).unwrap_err().to_string();
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(lines.len(), 3, "{error}");
    assert_eq!(lines[2], "line 8, column 8: there are two users `a`");
}

#[test]
fn a_file_is_named_and_an_argument_is_checked() {
    let path = PathBuf::from("/nonexistent/vpdn.toml");
    let error = Config::load(Some(&path), |_| Ok(Overlay::new())).unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/vpdn.toml: "), "{error}");
    let mut arguments = Overlay::new();
    arguments.set(&["virtual-template", "1", "mtu"], 100);
    let error = Config::load(None, |_| Ok(arguments)).unwrap_err().to_string();
    assert_eq!(error, "virtual-template.1.mtu: 100 is not between 576 and 1500");
}
