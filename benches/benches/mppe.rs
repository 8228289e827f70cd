//! Criterion's view of MPPE: `cargo bench -p pptp-benches --bench mppe [FILTER]`.
//!
//! Criterion measures one variant after the other in one launch, so its figures are good for following one variant
//! over time. For ratios beside the peers: `mppe_ratios`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn all(criterion: &mut Criterion) {
    for group in pptp_benches::mppe::groups() {
        let (name, units, variants) = group.into_parts();
        let mut measured = criterion.benchmark_group(format!("mppe {name}"));
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
