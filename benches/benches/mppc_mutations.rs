//! Damaged packets for the MPPC decoder: `cargo bench -p pptp-benches --bench mppc_mutations [COUNT]`.
fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    pptp_benches::mppc::mutations::run(count.unwrap_or(100_000_000));
}
