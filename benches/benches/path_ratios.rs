//! The whole path beside its cipher: `cargo bench -p pptp-benches --bench path_ratios [GROUP]...`
fn main() {
    pptp_benches::ratio::main(pptp_benches::path::groups);
}
