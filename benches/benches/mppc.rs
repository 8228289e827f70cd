//! Criterion's view of MPPC: `cargo bench -p pptp-benches --bench mppc [FILTER]`.
//!
//! Criterion measures one variant after the other in one launch, so its figures are good for following one variant
//! over time. For ratios beside the peers: `mppc_ratios`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn all(criterion: &mut Criterion) {
    for group in pptp_benches::mppc::groups() {
        let (name, units, variants) = group.into_parts();
        let mut measured = criterion.benchmark_group(format!("mppc {name}"));
        measured.throughput(Throughput::Elements(units.into()));
        for (variant, work) in variants {
            let Some(mut work) = work else {
                continue;
            };
            measured.bench_function(BenchmarkId::from_parameter(variant), |bencher| bencher.iter(&mut work));
        }
        measured.finish();
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
