//! A bare relay between a TUN device and UDP: what every tunnel of user space costs, with nothing in it. Many packets go
//! with one system call, and packets of one TCP connection go in and out of the device as one.
//!
//! `relay OWN PEER OWN-SOCKET PEER-SOCKET MTU`: the first two are the addresses in the tunnel.
#![cfg_attr(target_os = "linux", expect(clippy::std_instead_of_core, reason = "a program, not a library"))]

#[cfg(target_os = "linux")]
use linux::main;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::error::Error;
    use std::net::{IpAddr, SocketAddr};

    use vpdn::host::{BURST, Datagrams, Device, Interest, Packets, Poller};

    /// Numbers of descriptors.
    const DEVICE: u64 = 0;
    const NETWORK: u64 = 1;

    pub(crate) fn main() -> Result<(), Box<dyn Error>> {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        let [own, peer, own_socket, peer_socket, mtu] = &arguments[..] else {
            return Err("relay OWN PEER OWN-SOCKET PEER-SOCKET MTU".into());
        };
        let mut relay = Relay::open((own.parse()?, peer.parse()?), own_socket.parse()?, mtu.parse()?)?;
        relay.run(peer_socket.parse()?)
    }

    /// A device and a socket.
    struct Relay {
        device: Device,
        network: Datagrams,
        poller: Poller,
        outgoing: Packets,
    }

    impl Relay {
        fn open((own, peer): (IpAddr, IpAddr), socket: SocketAddr, mtu: u16) -> Result<Self, Box<dyn Error>> {
            let text = |failure: vpdn::host::Failure| failure.text;
            let device = Device::create(None, false).map_err(text)?;
            device.set_up(mtu)?;
            device.add_address(own, Some(peer), 32)?;
            let network = Datagrams::bind(socket).map_err(text)?;
            let poller = Poller::new()?;
            poller.add(&device, DEVICE, Interest::Read)?;
            poller.add(&network, NETWORK, Interest::Read)?;
            Ok(Self { device, network, poller, outgoing: Packets::new(0) })
        }

        /// Carries packets until the program is killed.
        fn run(&mut self, peer: SocketAddr) -> Result<(), Box<dyn Error>> {
            loop {
                let come: Vec<_> = self.poller.wait(None)?.collect();
                if come.contains(&NETWORK) {
                    self.receive();
                }
                if come.contains(&DEVICE) {
                    self.send(peer);
                }
            }
        }

        /// Carries packets from the network to the device.
        fn receive(&mut self) {
            let Self { device, network, .. } = self;
            network.receive().for_each(|(_, _, packet)| device.send(packet));
            device.flush();
        }

        /// Carries packets from the device to the network.
        fn send(&mut self, peer: SocketAddr) {
            let Self { device, network, outgoing, .. } = self;
            // In bursts, so that the other direction gets its turn.
            for _ in 0..BURST {
                if !device.receive(outgoing) {
                    break;
                }
                outgoing.iter_mut().for_each(|packet| network.push(None, peer, packet));
            }
            network.flush();
        }
    }
}
