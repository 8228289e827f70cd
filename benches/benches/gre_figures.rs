//! Measures enhanced GRE, in nanoseconds a packet:
//! `cargo bench -p pptp-benches --bench gre_figures [GROUP]...`
fn main() {
    pptp_benches::ratio::main(pptp_benches::gre::groups);
}
