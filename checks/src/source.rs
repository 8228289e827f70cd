//! Parsed source files of a crate, without its tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Attribute, Item, UseTree, Visibility};

/// Folders of the published crates that exist in this checkout.
#[must_use]
pub fn published() -> Vec<PathBuf> {
    let root = root();
    let manifest = read(&root.join("Cargo.toml"));
    let members =
        manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).expect("a list of members");
    members
        .split(',')
        .map(|member| member.trim().trim_matches('"'))
        .filter(|member| !member.is_empty())
        .map(|member| root.join(member))
        .filter(|folder| !read(&folder.join("Cargo.toml")).contains("publish = false"))
        .collect()
}

/// Returns the root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder above this crate").to_path_buf()
}

/// Reads a text file.
///
/// # Panics
///
/// If it cannot be read.
#[must_use]
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lists the files with an extension below a folder, in order.
#[must_use]
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The path of a module below its crate, such as `["session", "call"]`.
pub type ModulePath = Vec<String>;

/// One module that has a file of its own.
#[derive(Debug, Default)]
pub struct Module {
    /// Names that are defined here.
    pub items: Vec<String>,
    /// Names that are re-exported or imported here, with the segments of their path; `*` is a glob.
    pub uses: Vec<Use>,
    /// Names of methods, variants and fields.
    pub members: Vec<String>,
    /// Paths that the code mentions, as segments.
    pub paths: Vec<Vec<String>>,
}

/// One name that a `use` brings in.
#[derive(Debug, Clone)]
pub struct Use {
    /// The name here.
    pub name: String,
    /// The path that it stands for.
    pub path: Vec<String>,
    /// Whether others can take it from here.
    pub is_export: bool,
}

/// A crate: its modules by path.
#[derive(Debug, Default)]
pub struct Crate {
    /// The modules, without those of tests.
    pub modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    /// Reads the crate in a folder.
    ///
    /// # Panics
    ///
    /// If a file cannot be read or parsed.
    #[must_use]
    pub fn load(folder: &Path) -> Self {
        let src = folder.join("src");
        Self::parse(files(&src, "rs").into_iter().filter(|file| !file.starts_with(src.join("bin"))).map(|file| {
            let path = file.strip_prefix(&src).expect("a file below src").with_extension("");
            let mut path: ModulePath = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if path.last().is_some_and(|last| last == "mod" || last == "lib") {
                path.pop();
            }
            (path, read(&file))
        }))
    }

    /// Returns whether a module, an item or a member has this name.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        self.modules.iter().any(|(path, module)| {
            path.last().is_some_and(|last| last == name)
                || module.items.iter().chain(&module.members).any(|found| found == name)
        })
    }

    /// Makes a crate of texts.
    ///
    /// # Panics
    ///
    /// If a text cannot be parsed.
    pub fn parse(texts: impl IntoIterator<Item = (ModulePath, String)>) -> Self {
        let mut modules = BTreeMap::new();
        let mut tests: Vec<ModulePath> = Vec::new();
        for (path, text) in texts {
            let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.join("::")));
            let mut collector = Collector { module: Module::default(), tests: &mut tests, path: path.clone() };
            collector.visit_file(&file);
            let module = collector.module;
            modules.insert(path, module);
        }
        modules.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
        Self { modules }
    }
}

struct Collector<'t> {
    module: Module,
    tests: &'t mut Vec<ModulePath>,
    path: ModulePath,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.meta.require_list().is_ok_and(|list| {
                list.path.is_ident("cfg")
                    && list.tokens.to_string().split(|c: char| !c.is_alphanumeric()).any(|w| w == "test")
            })
    })
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Union(item) => (&item.attrs, Some(&item.ident)),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            Item::Impl(item) => (&item.attrs, None),
            Item::Use(item) => (&item.attrs, None),
            Item::Mod(item) => {
                if is_test(&item.attrs) {
                    let mut path = self.path.clone();
                    path.push(item.ident.to_string());
                    self.tests.push(path);
                    return;
                }
                (&item.attrs, None)
            }
            _ => return syn::visit::visit_item(self, item),
        };
        if is_test(attributes) {
            return;
        }
        self.module.items.extend(name.map(ToString::to_string));
        syn::visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_export = !matches!(item.vis, Visibility::Inherited);
        flatten(&item.tree, &mut Vec::new(), is_export, &mut self.module.uses);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.module.members.push(item.sig.ident.to_string());
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.module.members.push(item.ident.to_string());
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.module.members.push(item.sig.ident.to_string());
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.module.members.push(variant.ident.to_string());
        syn::visit::visit_variant(self, variant);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        self.module.members.extend(field.ident.iter().map(ToString::to_string));
        syn::visit::visit_field(self, field);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            self.module.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }
}

fn flatten(tree: &UseTree, prefix: &mut Vec<String>, is_export: bool, uses: &mut Vec<Use>) {
    let mut push = |name: String, last: Option<String>| {
        let path = prefix.iter().cloned().chain(last).collect();
        uses.push(Use { name, path, is_export });
    };
    match tree {
        UseTree::Path(part) => {
            prefix.push(part.ident.to_string());
            flatten(&part.tree, prefix, is_export, uses);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => push(prefix.last().cloned().unwrap_or_default(), None),
        UseTree::Name(name) => push(name.ident.to_string(), Some(name.ident.to_string())),
        UseTree::Rename(rename) => push(rename.rename.to_string(), Some(rename.ident.to_string())),
        UseTree::Glob(_) => push("*".to_owned(), None),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, prefix, is_export, uses);
            }
        }
    }
}
