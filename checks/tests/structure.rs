//! ARCHITECTURE.md, "Invariants": arrows run down, and states are types.

use std::collections::BTreeSet;

use pptp_checks::source::{Crate, files, published, read, root};
use pptp_checks::{arrows, state};

fn module(path: &str, text: &str) -> (Vec<String>, String) {
    (path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect(), text.to_owned())
}

#[test]
fn no_modules_of_a_crate_use_each_other_in_a_circle() {
    let mut found = Vec::new();
    for folder in published() {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let graph = arrows::files(&Crate::load(&folder));
        let folders = arrows::folders(&graph);
        for group in arrows::circles(&graph).into_iter().chain(arrows::circles(&folders)) {
            let names: BTreeSet<_> = group.iter().map(|path| format!("{name}::{}", path.join("::"))).collect();
            found.push(names.into_iter().collect::<Vec<_>>().join(" <-> "));
        }
    }
    found.dedup();
    assert!(found.is_empty(), "modules that use each other:\n{}", found.join("\n"));
}

/// The modules at the top of each library, from bottom to top, and the arrows between them. With the environment variable
/// `ARROWS` the file is written again, for `git diff` to show what changed.
#[test]
fn every_arrow_between_the_modules_at_the_top_of_a_library_is_listed() {
    let file = root().join("checks/arrows.txt");
    let mut found = String::new();
    for folder in published() {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Programs are not used by other code.
        if name == "vpdn" {
            continue;
        }
        found += &format!("[{name}]\n");
        for line in arrows::list(&arrows::folders(&arrows::files(&Crate::load(&folder)))) {
            found += &format!("{line}\n");
        }
    }
    if std::env::var_os("ARROWS").is_some() {
        std::fs::write(&file, &found).expect("a file that can be written");
    }
    let listed = read(&file);
    let new: Vec<_> = found.lines().filter(|line| !listed.lines().any(|listed| listed == *line)).collect();
    assert!(new.is_empty(), "not in checks/arrows.txt (written again with ARROWS=1):\n{}", new.join("\n"));
    assert_eq!(found, listed, "checks/arrows.txt lists what is not there any more: write it again with ARROWS=1");
}

#[test]
fn an_arrow_that_is_put_in_is_found() {
    let modules = |inspect: &str| {
        let top = module("", "mod session; mod inspect;");
        let session = module("session", "pub struct Reason;");
        let graph = arrows::files(&Crate::parse([top, session, module("inspect", inspect)]));
        arrows::list(&arrows::folders(&graph))
    };
    assert!(modules("pub struct Record;").is_empty());
    let listed = modules("use crate::session::Reason; pub struct Record(Reason);");
    assert_eq!(listed, ["session:", "inspect: session"]);
}

#[test]
fn a_circle_that_is_put_in_is_found() {
    let top = module("", "mod upper; mod lower; pub use lower::Thing;");
    let upper = module("upper", "use crate::Thing; pub struct Upper(Thing);");
    let clean = Crate::parse([top.clone(), upper.clone(), module("lower", "pub struct Thing;")]);
    assert!(arrows::circles(&arrows::files(&clean)).is_empty());

    let circle = module("lower", "pub struct Thing; fn up() { let _ = crate::upper::Upper(Thing); }");
    let circle = Crate::parse([top.clone(), upper.clone(), circle]);
    assert_eq!(arrows::circles(&arrows::files(&circle)).len(), 1);

    // Modules of tests may look at everything.
    let tested = module("lower", "pub struct Thing; #[cfg(test)] mod tests;");
    let tests = module("lower::tests", "use crate::upper::Upper;");
    let tested = Crate::parse([top, upper, tested, tests]);
    assert!(arrows::circles(&arrows::files(&tested)).is_empty());
}

#[test]
fn states_are_types() {
    let mut found = Vec::new();
    for folder in published() {
        for file in files(&folder.join("src"), "rs") {
            let text = read(&file);
            let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
            found.extend(state::faults(&text).into_iter().map(|(line, fault)| format!("{name}:{line}: {fault}")));
        }
    }
    assert!(found.is_empty(), "states without a type:\n{}", found.join("\n"));
}

#[test]
fn a_tuple_assignment_that_is_put_in_is_found() {
    for assignment in [
        "    (self.closed, self.end) = (None, None);",
        "if over {\n    (\n        call.closed,\n        self.end.reason,\n    ) = ended();\n}",
        "let end = |call: &mut Call| (call.closed, call.end) = (true, None);",
    ] {
        assert_eq!(state::faults(assignment).len(), 1, "{assignment}");
    }
    assert_eq!(state::faults("#[expect(clippy::struct_excessive_bools, reason = \"…\")]").len(), 1);
    for other in [
        "    let (one, other) = (self.closed, self.end);\n    // (self.a, self.b) = x\n",
        "    if let (Some(one), None) = (self.closed, self.end) { (one, other) = (other, one); }",
        "    assert!((self.closed, self.end) == (None, None));",
    ] {
        assert!(state::faults(other).is_empty(), "{other}");
    }
}
