//! Ratios of MPPE beside its peers: `cargo bench -p pptp-benches --bench mppe_ratios [GROUP]...`
fn main() {
    pptp_benches::ratio::main(pptp_benches::mppe::groups);
}
