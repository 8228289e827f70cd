//! Clients that do nothing: each has set up its control connection, answers echoes, and has no call.
//!
//! `idle COUNT SERVER`: says when all are there, and ends when it is killed.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::std_instead_of_core,
        clippy::disallowed_methods,
        clippy::print_stdout,
        reason = "a program, not a library"
    )
)]

#[cfg(target_os = "linux")]
use linux::main;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::error::Error;
    use std::net::{Ipv4Addr, TcpStream};
    use std::time::{Duration, Instant};

    use pptp::wire::TCP_PORT;
    use pptp::wire::connection::{Config, Connection, Event, Identity};
    use vpdn::host::{Interest, Poller, Stream, entropy};

    /// How often deadlines are looked at.
    const TICK: Duration = Duration::from_secs(1);

    struct Client {
        connection: Connection<1>,
        stream: Stream,
        is_up: bool,
    }

    pub(crate) fn main() -> Result<(), Box<dyn Error>> {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        let [count, server] = &arguments[..] else { return Err("idle COUNT SERVER".into()) };
        let (count, server): (usize, Ipv4Addr) = (count.parse()?, server.parse()?);
        let (start, mut poller) = (Instant::now(), Poller::new()?);
        let mut clients = Vec::new();
        for number in 0..count {
            let client = Client::dial(start.elapsed(), server)?;
            poller.add(&client.stream, number.try_into()?, Interest::Read)?;
            clients.push(client);
        }
        let mut is_said = false;
        loop {
            let come: Vec<_> = poller.wait(Some(TICK))?.collect();
            let now = start.elapsed();
            for number in come {
                if let Some(client) = clients.get_mut(usize::try_from(number)?) {
                    client.read(now)?;
                }
            }
            clients.iter_mut().try_for_each(|client| client.handle_timeout(now))?;
            if !is_said && clients.iter().all(|client| client.is_up) {
                println!("{count} idle connections");
                is_said = true;
            }
        }
    }

    impl Client {
        fn dial(now: Duration, server: Ipv4Addr) -> Result<Self, Box<dyn Error>> {
            let stream = Stream::new(TcpStream::connect((server, TCP_PORT))?)?;
            let entropy = entropy().map_err(|failure| failure.text)?;
            let connection = Connection::originator(Config::new(Identity::PPTP_LINUX), entropy);
            let mut client = Self { connection, stream, is_up: false };
            client.connection.open(now)?;
            client.flush(now)?;
            Ok(client)
        }

        fn read(&mut self, now: Duration) -> Result<(), Box<dyn Error>> {
            if self.stream.read() {
                return Err("the server has closed a connection".into());
            }
            let connection = &mut self.connection;
            self.stream.give(|bytes| connection.handle_stream(now, bytes));
            self.flush(now)
        }

        fn handle_timeout(&mut self, now: Duration) -> Result<(), Box<dyn Error>> {
            if self.connection.poll_timeout().is_some_and(|deadline| deadline <= now) {
                self.connection.handle_timeout(now);
                self.flush(now)?;
            }
            Ok(())
        }

        fn flush(&mut self, now: Duration) -> Result<(), Box<dyn Error>> {
            let mut buf = [0; Connection::<1>::MAX_TRANSMIT];
            while let Some(event) = self.connection.poll_event() {
                if let Event::Closed { .. } = event {
                    return Err(format!("a connection is over: {event:?}").into());
                }
                self.is_up |= event == Event::Established;
            }
            while let Some(bytes) = self.connection.poll_transmit(now, &mut buf)? {
                self.stream.send(bytes);
            }
            Ok(())
        }
    }
}
