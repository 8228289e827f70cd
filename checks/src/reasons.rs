//! Comments that give a reason: how many of the lines within functions they are.

use std::path::Path;

use crate::prose::comment;
use crate::source::{files, read};

/// Lines within the bodies of functions, without tests, documentation and empty lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// Lines of comments.
    pub comments: usize,
    /// Lines of code.
    pub code: usize,
}

impl Lines {
    /// Counts the lines of a file that rustfmt has formatted.
    #[must_use]
    pub fn of_source(text: &str) -> Self {
        let mut count = Self::default();
        let mut place = Place::Outside;
        let mut is_test = false;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let trimmed = line.trim_start();
            let indent = line.len() - trimmed.len();
            place = match place {
                Place::Outside if trimmed.starts_with("#[cfg(test)]") => {
                    is_test = true;
                    Place::Outside
                }
                Place::Outside if is_test && trimmed.starts_with("mod ") && line.ends_with('{') => {
                    Place::Tests { indent }
                }
                Place::Outside | Place::Signature { .. } if is_function(trimmed) => after_signature(line, indent),
                Place::Signature { indent: own } if own == indent => after_signature(line, indent),
                Place::Body { indent: own } | Place::Tests { indent: own } if own == indent && trimmed == "}" => {
                    Place::Outside
                }
                Place::Body { .. } => {
                    match comment(trimmed).0 {
                        "" => count.code += 1,
                        "//" => count.comments += 1,
                        _ => {}
                    }
                    place
                }
                _ => place,
            };
            is_test &= trimmed.starts_with("#[");
        }
        count
    }

    /// Counts the lines of a crate.
    #[must_use]
    pub fn of_crate(folder: &Path) -> Self {
        let src = folder.join("src");
        let is_test = |path: &Path| {
            let below = path.strip_prefix(&src).unwrap_or(path);
            below.iter().any(|part| part == "tests" || part == "tests.rs")
        };
        let files = files(&src, "rs").into_iter().filter(|path| !is_test(path));
        files
            .map(|path| Self::of_source(&read(&path)))
            .fold(Self::default(), |sum, one| Self { comments: sum.comments + one.comments, code: sum.code + one.code })
    }

    /// Returns how many of 1000 lines are comments.
    #[must_use]
    pub const fn share(self) -> usize {
        // A folder without functions has no share.
        match (self.comments * 1000).checked_div(self.comments + self.code) {
            Some(share) => share,
            None => 0,
        }
    }
}

/// A place in a file. With the indentation of the line that begins it, since rustfmt ends it in the same column.
#[derive(Debug, Clone, Copy)]
enum Place {
    Outside,
    Signature { indent: usize },
    Body { indent: usize },
    Tests { indent: usize },
}

/// Returns the place behind a line of a signature.
fn after_signature(line: &str, indent: usize) -> Place {
    match line.chars().last() {
        Some('{') => Place::Body { indent },
        // A declaration in a trait, or a body on the same line.
        Some(';' | '}') => Place::Outside,
        _ => Place::Signature { indent },
    }
}

/// Returns whether a line begins a function.
#[must_use]
pub fn is_function(line: &str) -> bool {
    let before = line.split_once("fn ").map(|(before, _)| before);
    before.is_some_and(|before| {
        let words = before.split_whitespace();
        words.into_iter().all(|word| {
            word.starts_with("pub")
                || ["const", "async", "unsafe", "extern", "\"C\"", "crate)", "super)"].contains(&word)
        })
    })
}
