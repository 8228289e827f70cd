//! Test vectors, with a list of what was looked at, so that no value is forgotten.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

/// A part of a file of vectors. Each value that is taken out of it is remembered.
#[derive(Debug, Clone)]
pub struct Vector<'a> {
    value: &'a Value,
    path: String,
    visited: Rc<RefCell<BTreeSet<String>>>,
}

impl<'a> Vector<'a> {
    /// Creates a whole file.
    #[must_use]
    pub fn new(value: &'a Value) -> Self {
        Self { value, path: String::new(), visited: Rc::default() }
    }

    /// Creates a member of an object, if there is one.
    #[must_use]
    pub fn get(&self, member: &str) -> Option<Self> {
        let value = self.value.get(member)?;
        Some(Self { value, path: format!("{}.{member}", self.path), visited: Rc::clone(&self.visited) })
    }

    /// Creates a member of an object.
    ///
    /// # Panics
    ///
    /// When it is missing.
    #[must_use]
    pub fn at(&self, member: &str) -> Self {
        self.get(member).unwrap_or_else(|| panic!("no {member} in {}", self.path))
    }

    /// Returns the elements of a list.
    ///
    /// # Panics
    ///
    /// When it is not a list.
    #[must_use]
    pub fn each(&self) -> Vec<Self> {
        let list = self.value.as_array().unwrap_or_else(|| panic!("{} is no list", self.path));
        let element =
            |(index, value)| Self { value, path: format!("{}[{index}]", self.path), visited: Rc::clone(&self.visited) };
        list.iter().enumerate().map(element).collect()
    }

    /// Returns this value as text.
    ///
    /// # Panics
    ///
    /// When it is no packet.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.visit();
        self.value.as_str().unwrap_or_else(|| panic!("{} is no text", self.path))
    }

    /// Returns the bytes of this value, which is in hexadecimal.
    ///
    /// # Panics
    ///
    /// When it is not hexadecimal.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        hex::decode(self.text()).unwrap_or_else(|error| panic!("{}: {error}", self.path))
    }

    /// Returns the same, of a fixed length.
    ///
    /// # Panics
    ///
    /// When it has another length.
    #[must_use]
    pub fn array<const N: usize>(&self) -> [u8; N] {
        self.bytes().try_into().unwrap_or_else(|bytes: Vec<u8>| panic!("{}: {} bytes", self.path, bytes.len()))
    }

    /// Returns this value as a number.
    ///
    /// # Panics
    ///
    /// When it is no packet.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.visit();
        self.value.as_u64().unwrap_or_else(|| panic!("{} is no number", self.path))
    }

    /// Passes over everything below this: prose, or the subject of another test.
    pub fn pass_over(&self) {
        for leaf in leaves(self.value, &self.path) {
            self.visited.borrow_mut().insert(leaf);
        }
    }

    /// Returns how many values were looked at, and those that were not, but for the names of
    /// sources and notes.
    #[must_use]
    pub fn summary(&self) -> (usize, Vec<String>) {
        let visited = self.visited.borrow();
        let prose = |leaf: &String| {
            ["source.repo", "source.path", "source.commit", "note", "section"].iter().any(|end| leaf.ends_with(end))
        };
        let forgotten =
            leaves(self.value, &self.path).into_iter().filter(|leaf| !visited.contains(leaf) && !prose(leaf));
        (visited.len(), forgotten.collect())
    }

    fn visit(&self) {
        self.visited.borrow_mut().insert(self.path.clone());
    }
}

/// Returns the paths of all numbers and texts in a value.
fn leaves(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(index, value)| leaves(value, &format!("{path}[{index}]"))).collect()
        }
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| leaves(value, &format!("{path}.{name}"))).collect()
        }
        _ => vec![path.to_owned()],
    }
}
