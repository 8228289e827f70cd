//! Where in a file something is wrong.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// The errors of a configuration: one line for each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    file: Option<PathBuf>,
    lines: Vec<(Option<Place>, String)>,
}

/// A place in a file, both counted from 1; the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

/// One thing that is wrong: the keys that lead to it, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The keys, from the outside in. An index of an array is a number.
    pub path: Vec<String>,
    /// The reason why it failed.
    pub text: String,
}

impl Problem {
    /// Says what is wrong with a key.
    #[must_use]
    pub fn new(path: &[&str], text: String) -> Self {
        Self { path: path.iter().map(|key| (*key).to_owned()).collect(), text }
    }
}

impl ConfigError {
    pub(super) fn read(path: &Path, error: &std::io::Error) -> Self {
        Self { file: Some(path.to_owned()), lines: vec![(None, error.to_string())] }
    }

    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let place = error.span().map(|span| Place::of(text, span.start));
        Self { file: None, lines: vec![(place, error.message().trim_end().replace('\n', ", "))] }
    }

    pub(super) fn of_argument(key: &str, text: &str) -> Self {
        Self { file: None, lines: vec![(None, format!("{key}: {text}"))] }
    }

    /// Finds each problem in the text. One that comes of an argument has no place there: it is named by its keys.
    pub(super) fn of_problems(text: &str, problems: Vec<Problem>) -> Self {
        let table = DeTable::parse(text).ok();
        let find = |problem: Problem| {
            let place = table.as_ref().and_then(|table| find(table.get_ref(), &problem.path));
            match place {
                Some(at) => (Some(Place::of(text, at)), problem.text),
                None => (None, format!("{}: {}", problem.path.join("."), problem.text)),
            }
        };
        Self { file: None, lines: problems.into_iter().map(find).collect() }
    }

    pub(super) fn in_file(mut self, path: &Path) -> Self {
        self.file = Some(path.to_owned());
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (place, text)) in self.lines.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if let Some(file) = &self.file {
                write!(f, "{}: ", file.display())?;
            }
            if let Some(Place { line, column }) = place {
                write!(f, "line {line}, column {column}: ")?;
            }
            f.write_str(text)?;
        }
        Ok(())
    }
}

impl Place {
    fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
        let column = before.get(line_start..).unwrap_or_default().chars().count().saturating_add(1);
        Self { line: before.matches('\n').count().saturating_add(1), column }
    }
}

/// Returns where the value of a key starts. Where the last key is missing, that of the table that it is missing from.
fn find(table: &DeTable<'_>, path: &[String]) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    let (mut value, mut start) = (value, key.span().start);
    for key in rest {
        let next = match value.get_ref() {
            DeValue::Table(table) => table.iter().find(|(found, _)| found.get_ref() == key).map(|(_, value)| value),
            DeValue::Array(array) => key.parse().ok().and_then(|index: usize| array.get(index)),
            _ => None,
        };
        // A table that is written as several has the place of the first.
        let Some(next) = next else { return Some(start) };
        value = next;
        start = value.span().start;
    }
    Some(value.span().start)
}
