//! Files of this repository that people read.

use std::path::{Path, PathBuf};

use crate::english::{self, Findings};
use crate::source::{files, read, root};

/// Folders that hold no text of ours.
const FOREIGN: [&str; 3] = ["target", "corpus", "captures"];

/// Lists the pages and the Rust files of the checkout, by their paths in it.
#[must_use]
pub fn texts() -> Vec<(String, PathBuf)> {
    let root = root();
    let mut found: Vec<PathBuf> = Vec::new();
    let entries = std::fs::read_dir(&root).expect("the checkout can be read");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() && !is_foreign(&path) {
            found.extend(["rs", "md"].iter().flat_map(|extension| files(&path, extension)));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    let name = |path: &Path| path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned();
    let ours = found.into_iter().filter(|path| !path.ancestors().take_while(|above| *above != root).any(is_foreign));
    ours.map(|path| (name(&path), path)).collect()
}

fn is_foreign(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Among the hidden folders, the templates of the forge are ours.
    name.starts_with('.') && name != ".github" || FOREIGN.contains(&&*name)
}

/// Checks the English of every text.
#[must_use]
pub fn english() -> Vec<(String, Findings)> {
    let check = |path: &Path| {
        let text = read(path);
        if path.extension().is_some_and(|extension| extension == "md") {
            english::page(&text)
        } else {
            english::source(&text)
        }
    };
    texts().into_iter().map(|(name, path)| (name, check(&path))).collect()
}
