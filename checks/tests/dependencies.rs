//! Every package in the lock file has a licence that we may pass on and comes from crates.io. Nobody who adds a
//! published crate gets two versions of one package.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use pptp_checks::licence::is_satisfied;
use serde_json::Value;

/// Licences that ask for no more than to be named.
const ALLOWED: &[&str] = &["0BSD", "Apache-2.0", "BSD-3-Clause", "ISC", "MIT", "NCSA", "Unicode-3.0", "Zlib"];

/// Returns what `cargo metadata` says of the whole lock file, or `None` where packages cannot be
/// had.
fn metadata() -> Option<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(pptp_checks::source::root())
        .output()
        .expect("cargo runs");
    let error = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Some(serde_json::from_slice(&output.stdout).expect("JSON"));
    }
    // Without the network, packages of other systems are missing: a build does not fetch them.
    assert!(error.contains("download") || error.contains("offline"), "{error}");
    eprintln!("SKIPPED: licences of dependencies: not all packages are here and there is no network");
    None
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("a list of {key}"))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn every_package_has_an_allowed_licence_and_comes_from_crates_io() {
    let Some(metadata) = metadata() else { return };
    let mut found = Vec::new();
    for package in list(&metadata, "packages") {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        if !is_satisfied(licence, ALLOWED) {
            found.push(format!("{name}: licence '{licence}'"));
        }
        // Our own packages have no source.
        let source = &package["source"];
        if !source.is_null() && source != "registry+https://github.com/rust-lang/crates.io-index" {
            found.push(format!("{name}: from {source}"));
        }
    }
    assert!(list(&metadata, "packages").len() > 50, "the lock file has more packages");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Packages of which programs may have two versions: `tun-rs` and macros bring older ones, for other systems and for builds.
const TWICE_IN_PROGRAMS: [&str; 4] = ["getrandom", "netlink-packet-route", "r-efi", "syn"];

#[test]
fn no_published_crate_depends_on_two_versions_of_a_package() {
    let Some(metadata) = metadata() else { return };
    let packages: BTreeMap<_, _> =
        list(&metadata, "packages").iter().map(|package| (text(package, "id"), package)).collect();
    let nodes: BTreeMap<_, _> =
        list(&metadata["resolve"], "nodes").iter().map(|node| (text(node, "id"), node)).collect();
    let published = packages.values().filter(|package| package["source"].is_null() && package["publish"].is_null());
    let mut count = 0;
    let mut found = Vec::new();
    for package in published {
        count += 1;
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for id in normal_dependencies(&nodes, text(package, "id")) {
            versions.entry(text(packages[id], "name")).or_default().insert(text(packages[id], "version"));
        }
        let is_known = |name: &str| text(package, "name") == "vpdn" && TWICE_IN_PROGRAMS.contains(&name);
        let twice = versions.iter().filter(|(name, versions)| versions.len() > 1 && !is_known(name));
        found.extend(twice.map(|(name, versions)| format!("{}: {name} {versions:?}", text(package, "name"))));
    }
    assert_eq!(count, pptp_checks::source::published().len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Returns every package that is built into a package on any system, itself included.
fn normal_dependencies<'m>(nodes: &BTreeMap<&'m str, &'m Value>, root: &'m str) -> BTreeSet<&'m str> {
    let mut found = BTreeSet::from([root]);
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        for dependency in list(nodes[id], "deps") {
            let is_normal = list(dependency, "dep_kinds").iter().any(|kind| kind["kind"].is_null());
            if is_normal && found.insert(text(dependency, "pkg")) {
                open.push(text(dependency, "pkg"));
            }
        }
    }
    found
}

#[test]
fn licence_expressions_are_read_as_spdx_has_them() {
    let allowed = ["MIT", "NCSA", "Apache-2.0"];
    for good in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND NCSA", "MIT AND NCSA OR GPL-3.0"] {
        assert!(is_satisfied(good, &allowed), "{good}");
    }
    let bad = [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR NCSA) AND GPL-3.0",
        "Apache-2.0 WITH LLVM-exception",
        "(MIT",
        "MIT MIT",
    ];
    for bad in bad {
        assert!(!is_satisfied(bad, &allowed), "{bad}");
    }
}
