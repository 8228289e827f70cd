//! CONTRIBUTING.md, "How sentences are written": what a program can measure of it.

use std::collections::BTreeMap;

use pptp_checks::english::{self, Rule};
use pptp_checks::reasons::Lines;
use pptp_checks::repository;
use pptp_checks::source::{published, read};

/// Functions of a crate, in percent, whose summary has to begin with a verb.
const VERBS: usize = 80;

/// Lines within the functions of a crate, of 1000, that have to be comments.
const REASONS: usize = 40;

#[test]
fn no_file_has_a_fault() {
    let mut found = Vec::new();
    for (name, findings) in repository::english() {
        let faults = findings.faults.iter().filter(|fault| fault.rule != Rule::Summary);
        found.extend(faults.map(|fault| format!("{name}:{}: {}: {}", fault.line, fault.rule, fault.text)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn comments_give_reasons_within_functions() {
    let mut bare = Vec::new();
    for folder in published() {
        let share = Lines::of_crate(&folder).share();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        println!("{name}: {}.{} % of the lines within functions are comments", share / 10, share % 10);
        if share < REASONS {
            bare.push(format!("{name}: {share} of 1000 lines"));
        }
    }
    assert!(bare.is_empty(), "functions without reasons (RFC, peer, attack, invariant): {}", bare.join(", "));
}

#[test]
fn lines_within_functions_are_counted() {
    let source = "\
// Outside.
impl Thing {
    /// Documentation.
    pub const fn one(&self) -> usize { 1 }

    pub fn two(
        &self,
    ) -> usize {
        // A reason.
        self.one()
            .pow(2)
    }

    fn declared(&self);
}

#[cfg(test)]
mod tests {
    fn three() {
        // No reason.
    }
}
";
    assert_eq!(Lines::of_source(source), Lines { comments: 1, code: 2 });
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
    assert_eq!(rules(&english::page("Two octets.")), [Rule::Byte]);
    assert_eq!(rules(&english::source("let octet_count = 2;")), [Rule::Byte]);
    let row = format!("| {}|", "a word, ".repeat(16));
    assert_eq!(rules(&english::page(&row)), [Rule::Sentence]);
    assert_eq!(rules(&english::page("Who wants nothing gets nothing.")), [Rule::Headless]);
    assert_eq!(rules(&english::page("It is sent to who asks.")), [Rule::Headless]);
    assert_eq!(rules(&english::page("The peer is told anew.")), [Rule::Phrase]);
    let wide = format!("```text\n{}\n```\n", "x".repeat(97));
    assert_eq!(rules(&english::page(&wide)), [Rule::Columns]);
    assert_eq!(rules(&english::source("/// The length.\npub const fn len(&self) -> usize {")), [Rule::Summary]);
    assert_eq!(rules(&english::source("// Who sends it is not known.\n")), [Rule::Headless]);
    assert_eq!(rules(&english::source("#[test]\nfn what_is_left_is_sent() {\n}\n")), [Rule::Headless]);
}

#[test]
fn good_sentences_have_no_fault() {
    let page = "RFC 1661 says \"two octets\". Who asks? A peer that asks for it, and a user who wants it.\n\n\
                | a row | with cells that are no sentence |\n\n* one item\n* another item\n";
    assert_eq!(rules(&english::page(page)), []);
    let row = format!("| {}| {}|", "`name` number, ".repeat(16), "a fact; ".repeat(16));
    assert_eq!(rules(&english::page(&row)), []);
    assert_eq!(rules(&english::source("let bytes = address.octets();\n/// RFC 2866: Acct-Input-Octets.\n")), []);
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
