//! Every path and every item that ARCHITECTURE.md and the other pages name exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pptp_checks::page;
use pptp_checks::source::{Crate, files, published, read, root};

/// Pages whose names are checked; paths may be relative to the page's own folder.
fn pages() -> Vec<std::path::PathBuf> {
    let root = root();
    let top = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"].map(|name| root.join(name));
    let own = published().into_iter().chain(["fuzz", "benches", "interop"].map(|folder| root.join(folder)));
    top.into_iter().chain(own.map(|folder| folder.join("README.md"))).filter(|page| page.exists()).collect()
}

/// Returns the name that code has for the crate in a folder.
fn name(folder: &Path) -> String {
    let manifest = read(&folder.join("Cargo.toml"));
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).expect("a name");
    name.trim_matches('"').replace('-', "_")
}

/// Returns the crates by the name that code has for them.
fn crates() -> BTreeMap<String, Crate> {
    published().iter().map(|folder| (name(folder), Crate::load(folder))).collect()
}

#[test]
fn every_path_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for file in pages() {
        let text = read(&file);
        let own = file.parent().expect("a folder").to_string_lossy().into_owned();
        let folders = [own.as_str()];
        for span in page::code_spans(&text).into_iter().filter(|span| page::is_path(span)) {
            // A folder with a slash behind it is the same folder.
            if !page::exists(&root(), &folders, span.trim_end_matches('/')) && !is_foreign(span) {
                missing.push(format!("{}: {span}", file.strip_prefix(root()).unwrap_or(&file).display()));
            }
        }
    }
    assert!(missing.is_empty(), "paths that do not exist:\n{}", missing.join("\n"));
}

/// Things with a slash that are no files of this repository.
fn is_foreign(span: &str) -> bool {
    // A feature of a dependency, a path of the operating system, or the folder beside the checkout.
    let is_feature = span.split_once('/').is_some_and(|(crate_name, feature)| {
        !feature.contains(['/', '.']) && root().join("Cargo.lock").exists() && {
            let lock = read(&root().join("Cargo.lock"));
            lock.contains(&format!("name = \"{crate_name}\""))
        }
    });
    is_feature || span.starts_with("../shared") || span.starts_with("dev/") || span.starts_with("target/")
}

#[test]
fn every_item_that_the_architecture_names_exists() {
    let crates = crates();
    let mut missing = Vec::new();
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(&root().join(name));
        for span in page::code_spans(&text).into_iter().filter(|span| page::is_item(span)) {
            let segments: Vec<_> = span.split("::").collect();
            let exists = match crates.get(segments[0]) {
                Some(found) => segments[1..].iter().all(|name| found.has_name(name) || crates.contains_key(*name)),
                None => {
                    let is_std = ["core", "std", "alloc"].contains(&segments[0]);
                    is_std || crates.values().any(|found| segments.iter().all(|name| found.has_name(name)))
                }
            };
            if !exists {
                missing.push(format!("{name}: {span}"));
            }
        }
    }
    assert!(missing.is_empty(), "items that do not exist:\n{}", missing.join("\n"));
}

/// The parts that a reader looks for on the first page of a crate.
#[test]
fn front_pages_have_all_their_parts() {
    let mut missing = Vec::new();
    for folder in published() {
        let text = read(&folder.join("README.md"));
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = name(&folder).replace('_', "-");
        let install = format!("cargo add {name}");
        let parts = [
            "**For**",
            "**Not for**",
            "```text",
            "# Features",
            "# Memory",
            "# Status",
            "# Security",
            "Minimum Rust: ",
            "https://www.rfc-editor.org/rfc/",
            &install,
        ];
        let lacks = parts.into_iter().filter(|part| !words.contains(part));
        missing.extend(lacks.map(|part| format!("{name}: {part}")));
    }
    assert!(missing.is_empty(), "front pages lack:\n{}", missing.join("\n"));
}

/// Links to docs.rs, which no compiler checks: the item has to be there, at least by its name.
#[test]
fn links_to_docs_rs_name_items_that_exist() {
    // Whole words of the sources: many items are made by macros, which a parser does not see.
    let words = |folder: &Path| -> BTreeSet<String> {
        let texts = files(&folder.join("src"), "rs").into_iter().map(|file| read(&file));
        let split = |text: String| text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect();
        let modules = files(&folder.join("src"), "rs").into_iter().flat_map(|file| {
            file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect::<Vec<_>>()
        });
        texts.flat_map(|text| -> Vec<String> { split(text) }).chain(modules).collect()
    };
    let crates: BTreeMap<_, _> = published().iter().map(|folder| (name(folder), words(folder))).collect();
    let mut count = 0;
    let mut missing = Vec::new();
    for file in pages() {
        let text = read(&file);
        let targets = text.split("https://docs.rs/").skip(1);
        for target in targets.map(|rest| rest.split([')', ' ', '\n', '>']).next().unwrap_or_default()) {
            let Some((_, path)) = target.split_once("/latest/") else { continue };
            count += 1;
            let (path, member) = path.split_once('#').map_or((path, None), |(path, member)| (path, Some(member)));
            let mut segments = path.split('/');
            let found = crates.get(segments.next().unwrap_or_default());
            // `struct.Tunnel.html`, a module's `index.html`, `method.poll_event`.
            let last =
                |segment: &str| segment.trim_end_matches(".html").rsplit('.').next().unwrap_or_default().to_owned();
            let names = segments.filter(|segment| *segment != "index.html").chain(member).map(last);
            if !found.is_some_and(|found| names.into_iter().all(|name| found.contains(&name))) {
                missing.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(count > 100 && missing.is_empty(), "{count} links, of which these lead nowhere:\n{}", missing.join("\n"));
}

/// Returns the code spans of a column of all tables of a page that have it, row by row.
fn column(text: &str, heading: &str) -> Vec<(String, Vec<String>)> {
    let mut place = None;
    let mut rows = Vec::new();
    for line in text.lines() {
        let cells: Vec<_> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            place = None;
        } else if let Some(found) = cells.iter().position(|cell| *cell == heading) {
            place = Some(found);
        } else if let Some(cell) = place.and_then(|place| cells.get(place)).filter(|_| !line.starts_with("|---")) {
            rows.push((line.to_owned(), page::code_spans(cell).into_iter().map(str::to_owned).collect()));
        }
    }
    rows
}

/// Returns whether a function of this name has `#[test]` among the attributes in front of it.
fn is_test(sources: &[String], name: &str) -> bool {
    let declaration = format!("fn {name}(");
    sources.iter().any(|source| {
        let mut is_marked = false;
        source.lines().map(str::trim).any(|line| {
            let is_found = is_marked && line.starts_with(&declaration);
            is_marked = line == "#[test]" || (is_marked && (line.starts_with("#[") || line.starts_with("//")));
            is_found
        })
    })
}

/// Each row of SECURITY.md says which test shows it. Each attack of TESTING.md that the libraries can meet does, too.
#[test]
fn every_test_that_a_table_of_security_or_of_attacks_names_exists() {
    let folders = published().into_iter().chain(["fuzz", "interop"].map(|folder| root().join(folder)));
    let sources: Vec<String> = folders.flat_map(|folder| files(&folder, "rs")).map(|file| read(&file)).collect();
    let crates: BTreeSet<String> = published().iter().map(|folder| name(folder).replace('_', "-")).collect();
    for (page, heading, least) in [("SECURITY.md", "shown by", 36), ("TESTING.md", "tests", 10)] {
        let rows = column(&read(&root().join(page)), heading);
        assert!(rows.len() >= least, "{page} has {} rows", rows.len());
        for (row, names) in rows {
            // TESTING.md says the crate of a test behind it.
            let mut tests = names.iter().filter(|name| !crates.contains(*name) && *name != "interop").peekable();
            assert!(tests.peek().is_some(), "{page}: a row without a test: {row}");
            for test in tests {
                assert!(is_test(&sources, test), "{page}: no test {test}");
            }
        }
    }
}

#[test]
fn a_row_without_a_test_is_found() {
    let page = "| a | shown by |\n|---|---|\n| `no` | `one`, `two` |\n| b | |\n\n| other |\n|---|\n| `no` |\n";
    let rows: Vec<_> = column(page, "shown by").into_iter().map(|(_, names)| names).collect();
    assert_eq!(rows, [vec!["one".to_owned(), "two".to_owned()], vec![]]);
    let sources = ["#[test]\n#[expect(lint)]\nfn one() {\n}\nfn two() {}\n#[test]\nfn twofold() {}\n".to_owned()];
    assert!(is_test(&sources, "one") && !is_test(&sources, "two") && !is_test(&sources, "three"));
}

#[test]
fn a_name_that_does_not_exist_is_found() {
    let source =
        Crate::parse([(vec!["call".to_owned()], "pub struct Call; impl Call { pub fn open(&self) {} }".to_owned())]);
    assert!(source.has_name("call") && source.has_name("Call") && source.has_name("open"));
    assert!(!source.has_name("close"));
    assert_eq!(page::code_spans("see `a/b.rs` and `c`\n```text\n`d`\n```\n"), ["a/b.rs", "c"]);
    assert!(
        page::is_path("mppe/link")
            && !page::is_path("cargo run")
            && page::is_item("mppe::Header")
            && !page::is_item("mppe")
    );
    assert!(!page::exists(&root(), &[], "no/such/file"));
}
