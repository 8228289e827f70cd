//! Damaged packets for the MPPC decoder: `cargo bench -p pptp-benches --bench mppc_mutations -- COUNT`; a million if no
//! number is given.
fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    pptp_benches::mppc::mutations::run(count.unwrap_or(1_000_000));
}
