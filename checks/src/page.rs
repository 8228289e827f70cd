//! Names in Markdown pages, compared with what exists.

use std::path::Path;

/// Returns the code spans of a page, outside of code blocks.
#[must_use]
pub fn code_spans(text: &str) -> Vec<&str> {
    let mut is_block = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// Returns whether a code span has the form of a path of this repository: a slash, and no
/// characters of a command or a pattern.
#[must_use]
pub fn is_path(span: &str) -> bool {
    span.contains('/')
        && span.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !span.starts_with('/')
}

/// Returns whether a code span names an item by its path, such as `pptp_gre::Packet::decode`.
#[must_use]
pub fn is_item(span: &str) -> bool {
    let segments: Vec<_> = span.split("::").collect();
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    segments.len() > 1 && segments.iter().all(is_name)
}

/// Returns whether a path exists in the checkout, or below one of these folders.
#[must_use]
pub fn exists(root: &Path, folders: &[&str], path: &str) -> bool {
    root.join(path).exists() || folders.iter().any(|folder| root.join(folder).join(path).exists())
}
