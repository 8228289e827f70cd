//! Lines for the operator.

pub(super) use crate::output::say;

/// Writes a line, or some, to the standard error.
pub(super) fn complain(text: &str) {
    crate::output::complain("vpdn-client", text);
}
