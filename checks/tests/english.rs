//! CONTRIBUTING.md, "How sentences are written": what a program can measure of it.
//!
//! `english.txt` lists the files that are not there yet, with the faults that each still has. It may only become
//! shorter.

use std::collections::BTreeMap;

use pptp_checks::english::{self, Rule};
use pptp_checks::repository;
use pptp_checks::source::{read, root};

/// Functions of a crate, in percent, whose summary has to begin with a verb.
const VERBS: usize = 80;

/// Reads the faults that files may still have.
fn allowed() -> BTreeMap<(String, String), usize> {
    let list = read(&root().join("checks/english.txt"));
    let rows = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|row| {
        let mut fields = row.split(' ');
        let mut next = || fields.next().unwrap_or_else(|| panic!("english.txt: {row}")).to_owned();
        let (file, rule, count) = (next(), next(), next());
        ((file, rule), count.parse().unwrap_or_else(|_| panic!("english.txt: {row}")))
    })
    .collect()
}

#[test]
fn no_file_has_more_faults_than_its_row() {
    let mut allowed = allowed();
    let mut found = Vec::new();
    let (mut left, mut rows) = (0, 0);
    for (name, findings) in repository::english() {
        for rule in Rule::ALL.into_iter().filter(|rule| *rule != Rule::Summary) {
            let faults: Vec<_> = findings.faults.iter().filter(|fault| fault.rule == rule).collect();
            let row = allowed.remove(&(name.clone(), rule.to_string()));
            (left, rows) = (left + faults.len(), rows + usize::from(row.is_some()));
            let limit = row.unwrap_or_default();
            if faults.len() > limit {
                let lines = faults.iter().map(|fault| format!("  {name}:{}: {}", fault.line, fault.text));
                found.push(format!("{rule}: {} in {name}, {limit} allowed", faults.len()));
                found.extend(lines);
            }
        }
    }
    // A file that is gone has no row: lists that nobody reads grow.
    found.extend(allowed.keys().map(|(name, rule)| format!("english.txt: no faults or no file: {name} {rule}")));
    println!("english.txt: {rows} rows, {left} faults left");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn summaries_of_functions_begin_with_a_verb() {
    let mut crates: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    for (name, findings) in repository::english() {
        let folder = name.split('/').next().unwrap_or_default().to_owned();
        let (functions, faults) = crates.entry(folder).or_default();
        *functions += findings.functions;
        let summaries = findings.faults.iter().filter(|fault| fault.rule == Rule::Summary);
        faults.extend(summaries.map(|fault| format!("{name}:{}: {}", fault.line, fault.text)));
    }
    for (folder, (functions, faults)) in crates.into_iter().filter(|(_, (functions, _))| *functions > 0) {
        let share = (functions - faults.len()) * 100 / functions;
        println!("{folder}: {share} % of {functions} summaries begin with a verb");
        assert!(share >= VERBS, "{folder}: {share} %\n{}", faults.join("\n"));
    }
}

fn rules(findings: &english::Findings) -> Vec<Rule> {
    findings.faults.iter().map(|fault| fault.rule).collect()
}

#[test]
fn faults_that_are_put_in_are_found() {
    let long = format!("A sentence {}.", "of many words ".repeat(10));
    assert_eq!(rules(&english::page(&long)), [Rule::Sentence]);
    assert_eq!(rules(&english::page("Two octets.")), [Rule::Octet]);
    assert_eq!(rules(&english::page("Who wants nothing gets nothing.")), [Rule::Headless]);
    assert_eq!(rules(&english::page("It is sent to who asks.")), [Rule::Headless]);
    assert_eq!(rules(&english::page("The peer is told anew.")), [Rule::Phrase]);
    let wide = format!("```text\n{}\n```\n", "x".repeat(97));
    assert_eq!(rules(&english::page(&wide)), [Rule::Columns]);
    assert_eq!(rules(&english::source("/// The length.\npub const fn len(&self) -> usize {")), [Rule::Summary]);
    assert_eq!(rules(&english::source("// Who sends it is not known.\n")), [Rule::Headless]);
}

#[test]
fn good_sentences_have_no_fault() {
    let page = "RFC 1661 says \"two octets\". Who asks? A peer that asks for it, and a user who wants it.\n\n\
                | a row | with cells that are no sentence |\n\n* one item\n* another item\n";
    assert_eq!(rules(&english::page(page)), []);
    let source = "/// Returns the length.\n#[must_use]\npub const fn len(&self) -> usize {\n\
                  /// A test has no summary of that kind.\n#[test]\nfn rfc1661_section_5_length() {\n";
    let findings = english::source(source);
    assert_eq!((rules(&findings), findings.functions), (vec![], 1));
}

#[test]
fn links_of_pages_lead_to_files() {
    let mut found = Vec::new();
    let mut count = 0;
    for (name, path) in repository::texts().into_iter().filter(|(name, _)| name.ends_with(".md")) {
        let text = read(&path);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let definitions = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).map(|(_, to)| to);
        for target in targets.chain(definitions).map(|target| target.split('#').next().unwrap_or_default()) {
            // A path of Rust, for rustdoc, which checks it; and addresses of other places.
            let is_item = target.contains("::") || target.is_empty() || target.chars().all(char::is_alphanumeric);
            if is_item || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            if !path.parent().is_some_and(|folder| folder.join(target).exists()) {
                found.push(format!("{name}: {target}"));
            }
        }
    }
    println!("{count} links between pages");
    assert!(found.is_empty(), "links that lead nowhere:\n{}", found.join("\n"));
}
