//! Sizes of MPPC beside the optimum and its peers: `cargo bench -p pptp-benches --bench mppc_sizes`.
fn main() {
    pptp_benches::mppc::sizes::main();
}
