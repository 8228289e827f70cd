//! Arrows between the modules of a crate: which one uses items of which other one.
//!
//! An arrow goes to the file that defines an item, however many modules hand it on. A module that only re-exports
//! (`pub use`) draws none. Arrows run down when no modules use each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Crate, ModulePath};

/// Arrows: from each module to those it uses.
pub type Graph = BTreeMap<ModulePath, BTreeSet<ModulePath>>;

/// Draws the arrows between the files of a crate.
#[must_use]
pub fn files(source: &Crate) -> Graph {
    let mut graph = Graph::new();
    for (from, module) in &source.modules {
        let imports = module.uses.iter().filter(|import| !import.is_export).map(|import| &import.path);
        for path in imports.chain(&module.paths) {
            let Some(to) = resolve(source, from, path, 0) else { continue };
            if to != *from {
                graph.entry(from.clone()).or_default().insert(to);
            }
        }
    }
    graph
}

/// Draws the arrows between the folders at the top of a crate.
#[must_use]
pub fn folders(files: &Graph) -> Graph {
    let top = |path: &ModulePath| path.first().cloned().into_iter().collect::<ModulePath>();
    let mut graph = Graph::new();
    for (from, all) in files {
        for to in all {
            if top(from) != top(to) {
                graph.entry(top(from)).or_default().insert(top(to));
            }
        }
    }
    graph
}

/// Lists modules from bottom to top, a line for each: its name, and the modules that it uses, all of which stand before
/// it. Those in a circle, and those that use one, are left out.
#[must_use]
pub fn list(graph: &Graph) -> Vec<String> {
    let name = |path: &ModulePath| if path.is_empty() { "lib".to_owned() } else { path.join("::") };
    let mut open: BTreeSet<_> = graph.keys().chain(graph.values().flatten()).collect();
    let mut lines = Vec::new();
    loop {
        let uses = |module: &ModulePath| graph.get(module).into_iter().flatten();
        let Some(next) = open.iter().find(|module| uses(module).all(|used| !open.contains(used))).copied() else {
            return lines;
        };
        let used: Vec<_> = uses(next).map(name).collect();
        lines.push(format!("{}: {}", name(next), used.join(" ")).trim_end().to_owned());
        open.remove(next);
    }
}

/// Finds the groups of modules that use each other in a circle.
#[must_use]
pub fn circles(graph: &Graph) -> Vec<Vec<ModulePath>> {
    let reach: BTreeMap<_, _> = graph.keys().map(|from| (from, reached(graph, from))).collect();
    let mut found: Vec<Vec<ModulePath>> = Vec::new();
    for (&from, all) in &reach {
        if !all.contains(from) || found.iter().any(|group| group.contains(from)) {
            continue;
        }
        let group = all.iter().filter(|to| reach.get(to).is_some_and(|back| back.contains(from)));
        found.push(group.cloned().collect());
    }
    found
}

fn reached(graph: &Graph, from: &ModulePath) -> BTreeSet<ModulePath> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for to in graph.get(next).into_iter().flatten() {
            if found.insert(to.clone()) {
                open.push(to);
            }
        }
    }
    found
}

/// Returns the module that defines what a path leads to, as far as it lies in this crate.
fn resolve(source: &Crate, from: &ModulePath, path: &[String], depth: usize) -> Option<ModulePath> {
    // A re-export of a re-export: no crate has as many floors.
    if depth > 8 {
        return None;
    }
    let mut segments = path.iter().peekable();
    let mut module = from.clone();
    let mut is_ours = false;
    while let Some(segment) = segments.peek() {
        match segment.as_str() {
            "crate" => module.clear(),
            "self" => {}
            "super" => drop(module.pop()),
            name => {
                let mut child = module.clone();
                child.push(name.to_owned());
                if !source.modules.contains_key(&child) {
                    break;
                }
                module = child;
            }
        }
        is_ours = true;
        segments.next();
    }
    let Some(name) = segments.next() else { return is_ours.then_some(module) };
    // Without a beginning of ours, the first segment is another crate, or a name that a `use` of this file brought in.
    if !is_ours && depth == 0 {
        return None;
    }
    let here = source.modules.get(&module)?;
    if here.items.contains(name) {
        return Some(module);
    }
    if let Some(import) = here.uses.iter().find(|import| import.name == *name) {
        return resolve(source, &module, &import.path, depth + 1);
    }
    let globs = here.uses.iter().filter(|import| import.name == "*");
    let through_glob = globs.filter_map(|import| {
        let path: Vec<_> = import.path.iter().chain([name]).cloned().collect();
        resolve(source, &module, &path, depth + 1)
    });
    // A name that a macro makes is defined where it is asked for.
    through_glob.into_iter().next().or_else(|| is_ours.then_some(module))
}
