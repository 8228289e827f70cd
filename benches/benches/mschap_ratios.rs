//! Ratios of MS-CHAPv2 beside OpenSSL: `cargo bench -p pptp-benches --bench mschap_ratios`
fn main() {
    pptp_benches::ratio::main(pptp_benches::mschap::groups);
}
