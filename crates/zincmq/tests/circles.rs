//! No circle of imports between the files of a crate: `crate::`, `super::` and `self::` paths count, and a name that a
//! `mod.rs` passes on counts as the file that it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file by its module path; the root of the crate is empty.
type Module = Vec<String>;

#[test]
fn the_files_of_a_crate_import_each_other_in_no_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let crates = fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let sources = crates.chain([root.join("bench")]).map(|folder| folder.join("src"));
    let found: Vec<_> = sources
        .flat_map(|source| circles(&imports(&source)).into_iter().map(move |circle| (source.clone(), circle)))
        .map(|(source, circle)| format!("{}: {}", source.display(), circle.join(", ")))
        .collect();
    assert!(found.is_empty(), "circles:\n{}", found.join("\n"));
}

/// Each file with those that it imports from.
fn imports(source: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut files = BTreeMap::new();
    read(source, &mut Vec::new(), &mut files);
    let paths: BTreeMap<_, _> = files.iter().map(|(module, code)| (module, paths(code))).collect();
    let import = |module: &Module| {
        let targets = paths[module].iter().filter_map(|path| resolve(module, path, &paths));
        targets.filter(|target| target != module).collect()
    };
    files.keys().map(|module| (module.clone(), import(module))).collect()
}

/// The code of all files of a folder, without comments and unit tests.
fn read(folder: &Path, module: &mut Module, files: &mut BTreeMap<Module, String>) {
    let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in entries {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "tests" {
            continue;
        }
        let is_folder = path.is_dir();
        let own = !matches!(&*name, "mod" | "lib" | "main");
        if own {
            module.push(name);
        }
        if is_folder {
            read(&path, module, files);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = code.lines().map(|line| line.split("//").next().unwrap());
            files.insert(module.clone(), lines.collect::<Vec<_>>().join("\n"));
        }
        if own {
            module.pop();
        }
    }
}

/// All paths in the code that begin within the crate, those of `use` with their braces expanded; without those of macros.
fn paths(code: &str) -> Vec<Module> {
    let mut paths = Vec::new();
    let starts = ["crate::", "super::", "self::", "use "];
    let mut rest = code;
    while let Some(at) = starts.iter().filter_map(|start| rest.find(start)).min() {
        let before = rest[..at].chars().next_back();
        let (tree, after) = tree(rest[at..].trim_start_matches("use "));
        rest = after;
        if !before.is_some_and(|sign| sign.is_alphanumeric() || "_$:".contains(sign)) {
            expand(&[], tree, &mut paths);
        }
    }
    paths.retain(|path| !path.is_empty());
    // A child by its bare name.
    for path in paths.iter_mut().filter(|path| !["crate", "super", "self"].contains(&&*path[0])) {
        path.insert(0, "self".to_owned());
    }
    paths
}

/// The path at the beginning of the text, with its braces, and the text behind it.
fn tree(text: &str) -> (&str, &str) {
    let mut depth = 0;
    let end = text.find(|sign: char| {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        let inside = depth > 0 || sign == '}';
        let part = sign.is_alphanumeric() || "_:{}".contains(sign);
        depth < 0 || !(inside || part)
    });
    text.split_at(end.unwrap_or(text.len()))
}

fn expand(before: &[String], tree: &str, paths: &mut Vec<Module>) {
    let (path, list) = tree.trim().split_once('{').unwrap_or((tree, ""));
    let words = path.split("::").map(|word| word.split(" as ").next().unwrap().trim().to_owned());
    let whole: Module = before.iter().cloned().chain(words.filter(|word| !word.is_empty())).collect();
    let Some(list) = list.trim_end().strip_suffix('}') else { return paths.push(whole) };
    let (mut depth, mut begin) = (0, 0);
    for (at, sign) in list.char_indices().chain([(list.len(), ',')]) {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !list[begin..at].trim().is_empty() {
                    expand(&whole, &list[begin..at], paths);
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
}

/// The file that a path leads to from a module: through a name that another file passes on to where it comes from.
fn resolve(from: &Module, path: &[String], all: &BTreeMap<&Module, Vec<Module>>) -> Option<Module> {
    let mut module = if path[0] == "crate" { Vec::new() } else { from.clone() };
    // Another crate's.
    if path[0] == "self" && !path.get(1).is_some_and(|child| is_child(from, child, all)) {
        return None;
    }
    let ups = path.iter().take_while(|word| *word == "super").count();
    module.truncate(module.len().checked_sub(ups)?);
    let mut names = path[ups.max(usize::from(ups == 0))..].iter();
    let name = loop {
        let Some(name) = names.next() else { break None };
        module.push(name.clone());
        if !all.contains_key(&module) {
            module.pop();
            break Some(name);
        }
    };
    let passed_on = |name| all[&module].iter().find(|path| path.last() == Some(name) && path.len() > 1);
    let through = name.and_then(passed_on).filter(|_| module != *from);
    through.map_or_else(|| Some(module.clone()), |path| resolve(&module, path, all))
}

fn is_child(of: &Module, name: &str, all: &BTreeMap<&Module, Vec<Module>>) -> bool {
    all.contains_key(&[&of[..], &[name.to_owned()]].concat())
}

/// The groups of files that reach each other.
fn circles(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<String>> {
    let reach = |from: &Module| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = next.pop() {
            next.extend(imports[&module].iter().filter(|to| seen.insert((*to).clone())).cloned());
        }
        seen
    };
    let reached: BTreeMap<_, _> = imports.keys().map(|module| (module, reach(module))).collect();
    let inside = reached.iter().filter(|(module, reached)| reached.contains(**module));
    let group = |module: &Module| -> Vec<String> {
        let members = reached[module].iter().filter(|other| reached[other].contains(module));
        members.map(|module| if module.is_empty() { "lib".to_owned() } else { module.join("/") }).collect()
    };
    inside.map(|(module, _)| group(module)).collect::<BTreeSet<_>>().into_iter().collect()
}
