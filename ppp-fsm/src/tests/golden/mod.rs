//! Every message in every state, as tables that can be read: one defined reaction, always the same.
//!
//! `PPP_FSM_GOLDEN=1 cargo test -p ppp-fsm golden` writes the tables again, for `git diff` to show
//! what changed.

#![expect(clippy::wildcard_enum_match_arm, reason = "what is not told apart is printed alike")]
#![expect(clippy::format_push_string, reason = "tables are short")]

mod authenticator;
mod ends;
mod negotiation;
mod peer;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::fs;

/// The reaction of a machine to one message: lines without indentation.
pub(super) type Reaction = Vec<String>;

#[derive(Default)]
struct Table(String);

impl Table {
    /// Writes a state, with messages of the same reaction side by side.
    fn section(&mut self, state: &str, rows: Vec<(String, Reaction)>) {
        let mut groups: Vec<(Vec<String>, Reaction)> = Vec::new();
        for (message, mut reaction) in rows {
            if reaction.is_empty() {
                reaction.push("nothing".into());
            }
            match groups.iter_mut().find(|(_, found)| *found == reaction) {
                Some((messages, _)) => messages.push(message),
                None => groups.push((Vec::from([message]), reaction)),
            }
        }
        self.0 += &format!("== {state} ==\n");
        for (messages, reaction) in groups {
            self.0 += &format!("{}:\n", messages.join("; "));
            for line in reaction {
                self.0 += &format!("  {line}\n");
            }
        }
        self.0 += "\n";
    }

    /// Compares the table with the file of that name.
    fn check(&self, name: &str) {
        let path = format!("{}/src/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("PPP_FSM_GOLDEN").is_some() {
            fs::write(&path, &self.0).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap();
        let mut state = "";
        for (number, (found, expected)) in self.0.lines().zip(expected.lines()).enumerate() {
            if found.starts_with("== ") {
                state = found;
            }
            assert_eq!(found, expected, "{name}:{} {state}", number + 1);
        }
        assert_eq!(self.0, expected, "{name} has another length");
    }
}
