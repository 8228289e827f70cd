//! Prints the faults of English below some folders or files, and the figures of each crate:
//! `cargo run -p pptp-checks --example english -- mppe README.md`.

use std::collections::BTreeMap;

use pptp_checks::reasons::Lines;
use pptp_checks::source::root;
use pptp_checks::{english, repository};

fn main() {
    let wanted: Vec<_> = std::env::args().skip(1).collect();
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
        let functions: usize = all.iter().map(|found| found.functions).sum();
        let share = Lines::of_crate(&root().join(&folder)).share();
        println!(" functions {functions:4} comments within functions {}.{} %", share / 10, share % 10);
    }
}
