//! Situations from bug reports: the other side does what a case says, and the session must answer, end and explain as it
//! wants. The cases are data, in `sessions.json`.

mod other;
mod project;
mod run;

use serde_json::Value;

#[test]
fn every_case_from_bug_reports_ends_as_it_should() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("sessions.json")).unwrap();
    assert_eq!(cases.len(), 40);
    let only = std::env::var("CASE").ok();
    let mut failed = Vec::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        if only.as_ref().is_some_and(|only| only != id) {
            continue;
        }
        if let Err(error) = run::run(case) {
            failed.push(format!("{id}: {error}\n    ({})", case["why"].as_str().unwrap()));
        }
    }
    assert!(failed.is_empty(), "{} of {} cases fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
}
