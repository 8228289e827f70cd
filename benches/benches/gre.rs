//! Criterion's view of enhanced GRE: `cargo bench -p pptp-benches --bench gre [FILTER]`.
//!
//! For figures of several launches: `gre_figures`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn all(criterion: &mut Criterion) {
    for group in pptp_benches::gre::groups() {
        let (name, units, variants) = group.into_parts();
        let mut measured = criterion.benchmark_group(format!("gre {name}"));
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
