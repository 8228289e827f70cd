//! Prints the faults of English below some folders or files, and the figures of each crate:
//! `cargo run -p pptp-checks --example english -- mppe README.md`. With `--list` it prints the rows of `english.txt`.

use std::collections::BTreeMap;

use pptp_checks::{english, repository};

fn main() {
    let wanted: Vec<_> = std::env::args().skip(1).collect();
    if wanted.first().is_some_and(|first| first == "--list") {
        return list();
    }
    let mut folders: BTreeMap<String, Vec<english::Findings>> = BTreeMap::new();
    for (name, findings) in repository::english() {
        if wanted.iter().any(|wanted| name.starts_with(wanted)) {
            for fault in &findings.faults {
                println!("{name}:{}: {}: {}", fault.line, fault.rule, fault.text);
            }
        }
        let folder = name.split_once('/').map_or("pages", |(folder, _)| folder);
        folders.entry(folder.to_owned()).or_default().push(findings);
    }
    for (folder, all) in folders {
        print!("{folder:12}");
        for rule in english::Rule::ALL {
            let count = all.iter().flat_map(|found| &found.faults).filter(|fault| fault.rule == rule).count();
            print!(" {rule} {count:4}");
        }
        let sum = |of: fn(&english::Findings) -> usize| all.iter().map(of).sum::<usize>();
        println!(
            " functions {:4} comments {:4} code {:6}",
            sum(|found| found.functions),
            sum(|found| found.comments),
            sum(|found| found.code)
        );
    }
}

/// Prints the rows of `english.txt` that the checkout needs.
fn list() {
    println!("# Faults of English that a file still has: file, rule, number. See CONTRIBUTING.md; rows only go.");
    for (name, findings) in repository::english() {
        for rule in english::Rule::ALL.into_iter().filter(|rule| *rule != english::Rule::Summary) {
            let count = findings.faults.iter().filter(|fault| fault.rule == rule).count();
            if count > 0 {
                println!("{name} {rule} {count}");
            }
        }
    }
}
