//! Runs over many seeds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Returns the number in this variable of the environment.
#[must_use]
pub fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Runs each seed below `count`. `NAME_SEED=17` runs that one alone, `NAME_SEEDS=100000` runs as many.
///
/// When a seed fails, its variable is printed.
#[expect(clippy::print_stderr, reason = "the seed of a failure is wanted on the screen")]
pub fn run_seeds<T>(name: &str, count: u64, mut run: impl FnMut(u64) -> T) -> Vec<T> {
    let seeds = match number_from_environment(&format!("{name}_SEED")) {
        Some(seed) => seed..seed + 1,
        None => 0..number_from_environment(&format!("{name}_SEEDS")).unwrap_or(count),
    };
    let run = |seed| match catch_unwind(AssertUnwindSafe(|| run(seed))) {
        Ok(result) => result,
        Err(reason) => {
            eprintln!("{name}_SEED={seed} runs it again");
            resume_unwind(reason);
        }
    };
    seeds.map(run).collect()
}
