//! JSON lines: every line of every capture has the members that `JSON.md` lists, and no others.

#![expect(clippy::std_instead_of_alloc, reason = "a test, not a library")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

mod common;

use std::collections::BTreeMap;

use common::{json_lines, say};
use serde_json::Value;

/// The members of each kind: name, type, and whether it is always there.
type Schema = BTreeMap<String, Vec<(String, String, bool)>>;

/// Reads the table.
fn schema() -> Schema {
    let mut schema = Schema::new();
    for line in include_str!("../JSON.md").lines().filter(|line| line.starts_with("| `")) {
        let [_, kind, _, members, _] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let members = members.split(", ").filter_map(|member| {
            let (name, kind) = member.trim().strip_prefix('`')?.split_once("` ")?;
            Some((name.to_owned(), kind.trim_end_matches('?').to_owned(), !kind.ends_with('?')))
        });
        // A kind may have more than one row.
        schema.entry(kind.trim().trim_matches('`').to_owned()).or_default().extend(members);
    }
    schema
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "hex" => value.as_str().is_some_and(|text| hex::decode(text).is_ok()),
        "text" => value.is_string(),
        "number" => value.is_u64(),
        "bool" => value.is_boolean(),
        "true" => *value == Value::Bool(true),
        "list" => value.is_array(),
        _ => false,
    }
}

/// Returns what is wrong with a line.
fn fault(schema: &Schema, line: &Value) -> Option<String> {
    let object = line.as_object()?;
    let kind = object["k"].as_str()?;
    let Some(members) = schema.get(kind) else { return Some(format!("no kind {kind}")) };
    if !object["n"].is_u64() {
        return Some("no number".into());
    }
    let is_refused = object.contains_key("error");
    for (name, kind, required) in members {
        match object.get(name) {
            Some(value) if !has_type(value, kind) => return Some(format!("{name} is not {kind}")),
            None if *required && !is_refused => return Some(format!("{name} is missing")),
            _ => {}
        }
    }
    let is_listed = |name: &&String| {
        let of_all = ["k", "n", "src", "dst"].contains(&name.as_str()) || is_refused && *name == "error";
        // A message's fields are not in the table.
        of_all || kind == "pptp" || members.iter().any(|(member, ..)| member == *name)
    };
    object.keys().find(|name| !is_listed(name)).map(|name| format!("{name} is not listed"))
}

#[test]
fn every_line_has_the_members_of_the_table() {
    let schema = schema();
    assert_eq!(schema.len(), 12);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (path, secret) in common::all_captures() {
        for line in json_lines(&path, &["--password", &secret]) {
            assert_eq!(fault(&schema, &line), None, "{}: {line}", path.display());
            *counts.entry(line["k"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    say!("{counts:?}");
    // Every kind occurs; EAP only in the public captures.
    let absent: Vec<_> = schema.keys().filter(|kind| !counts.contains_key(*kind)).collect();
    assert!(absent.is_empty() || absent == ["eap"], "{absent:?}");
}

#[test]
fn a_line_that_is_not_as_in_the_table_is_found() {
    let schema = schema();
    let fragment = serde_json::json!({"k": "frag", "n": 1, "frag": true});
    assert_eq!(fault(&schema, &fragment), None);
    for wrong in [
        serde_json::json!({"k": "frag", "n": 1}),
        serde_json::json!({"k": "frag", "n": 1, "frag": 1}),
        serde_json::json!({"k": "frag", "n": 1, "frag": true, "more": 1}),
        serde_json::json!({"k": "other", "n": 1}),
    ] {
        assert!(fault(&schema, &wrong).is_some(), "{wrong}");
    }
}
