//! A live inspector: reads a capture while it is written, and decrypts the sessions of one user.
//!
//! ```text
//! tcpdump -U -w - 'port 1723 or proto 47' | live-inspector alice wonderland
//! ```

use std::io::{self, Write};

use pptp::inspect::{Content, Inspector, Secrets};
use pptp_examples::Error;
use vpdn::capture::{self, Item};
use vpdn::show::Trace;

fn main() -> Result<(), Error> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name, password] = &arguments[..] else { return Err("NAME PASSWORD".into()) };
    let mut inspector = Inspector::new(Secrets::new().with_password(Some(name), password));
    let (mut trace, mut decrypted) = (Trace::new(io::stdout()), 0_u64);
    let report = capture::read(io::stdin(), &mut inspector, |place, item| {
        if let Item::Record(record) = item {
            decrypted += u64::from(matches!(record.content, Content::Datagram { decrypted: Some(_), .. }));
        }
        let _ = trace.item(place, item).and_then(|()| io::stdout().flush());
    });
    report.outcome?;
    println!("{} frames, {decrypted} packets decrypted", report.frames);
    Ok(())
}
