//! Speeds of MPPC beside its peers: `cargo bench -p pptp-benches --bench mppc_ratios [GROUP]...`
fn main() {
    pptp_benches::ratio::main(pptp_benches::mppc::groups);
}
