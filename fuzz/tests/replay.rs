//! Replays every corpus through the oracles of the fuzz targets.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use pptp_fuzz::TARGETS;

/// Prints a line that `cargo test` shows also when the test passes.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}

/// Returns the files of a folder, in order; none when there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Lists the names of files and folders in a folder of this package, without their endings.
fn names(folder: &str) -> BTreeSet<String> {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
    assert!(names("regressions").is_subset(&targets));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the time is printed")]
fn corpora_and_their_neighbours_hold() {
    for (name, oracle) in TARGETS {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut inputs = 0u64;
        let start = Instant::now();
        let corpus = files(&root.join("corpus").join(name));
        for file in corpus.iter().chain(&files(&root.join("regressions").join(name))) {
            let mut data = fs::read(file).unwrap();
            oracle(&data);
            for length in 0..data.len().min(256) {
                oracle(&data[..length]);
            }
            // Each of the first bytes at its neighbours and extremes: lengths, codes and bits are
            // there.
            for index in 0..data.len().min(96) {
                let byte = data[index];
                for changed in [0, 1, byte.wrapping_sub(1), byte.wrapping_add(1), byte ^ 0x80, 0x7f, 0xff] {
                    data[index] = changed;
                    oracle(&data);
                    inputs += 1;
                }
                data[index] = byte;
            }
            inputs += 1;
        }
        assert!(!corpus.is_empty(), "{name} has no corpus");
        say!("{name}: {} files, {inputs} inputs, {} ms", corpus.len(), start.elapsed().as_millis());
    }
}
