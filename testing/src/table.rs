//! Tables of answers that are kept in a file, for people to read and for tests to compare.

use std::fmt::Write as _;
use std::io::Write as _;

/// Adds a state to a table: its name, and its inputs, of which those with the same answer stand
/// together.
pub fn add_state(table: &mut String, state: &str, answers: impl IntoIterator<Item = (&'static str, String)>) {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (input, answer) in answers {
        match groups.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, inputs)) => inputs.push(input),
            None => groups.push((answer, vec![input])),
        }
    }
    writeln!(table, "== {state} ==").unwrap();
    let is_one = groups.len() == 1;
    for (answer, inputs) in groups {
        let inputs = if is_one { "everything".to_owned() } else { inputs.join("; ") };
        writeln!(table, "{inputs}:\n  {answer}").unwrap();
    }
    table.push('\n');
}

/// Asserts that a table is always the same, and is that of its file. With the environment variable
/// it is printed, to be written again after a change that is meant.
pub fn assert_table(make: impl Fn() -> String, expected: &str, variable: &str) {
    let found = make();
    assert_eq!(found, make(), "not always the same");
    if std::env::var_os(variable).is_some() {
        std::io::stdout().write_all(found.as_bytes()).unwrap();
    }
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of the table", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}
