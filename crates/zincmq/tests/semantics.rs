//! Every test that docs/semantics.md, SECURITY.md and the head of guesses.rs name exists: a promise is worth no more than
//! the test that holds it.

use std::fs;
use std::path::{Path, PathBuf};

/// The documents, and how many tests each names at least.
const DOCUMENTS: [(&str, usize); 3] =
    [("docs/semantics.md", 100), ("SECURITY.md", 40), ("crates/zincmq/tests/guesses.rs", 40)];

/// Where the paths in them begin.
const FOLDERS: [&str; 8] = [
    "crates",
    "crates/zincmq/src",
    "crates/zincmq/src/pattern/tests",
    "crates/zincmq/tests",
    "crates/queue/tests",
    "crates/libzmq/src",
    "interop/tests",
    "interop/tests/semantics",
];

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut missing = Vec::new();
    for (document, least) in DOCUMENTS {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let mut named = 0;
        let lines = text.lines().map(|line| line.strip_prefix("//! ").unwrap_or(line));
        for row in lines.filter(|line| line.starts_with("| ")) {
            let tests = row.trim_end_matches('|').rsplit('|').next().unwrap();
            for (file, test) in references(tests) {
                named += 1;
                let exists = sources(&root, &file).iter().any(|source| match &test {
                    Some(test) => source.contains(&format!("fn {test}(")),
                    None => true,
                });
                if !exists {
                    missing.push(format!("{document}: {file} {}", test.unwrap_or_default()));
                }
            }
        }
        assert!(named > least, "only {named} references in {document}: it is read wrongly");
    }
    assert!(missing.is_empty(), "no such tests:\n{}", missing.join("\n"));
}

/// `file.rs::one, another; file.rs (a remark)`: each file with each of its tests, a file alone with none.
fn references(cell: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut file = String::new();
    let without_remarks = cell.split('(').map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
    let text = without_remarks.collect::<String>();
    for word in text.split(|sign: char| !sign.is_alphanumeric() && !"_/.:".contains(sign)) {
        let word = word.trim_end_matches(['.', ':']);
        let test = match word.split_once("::") {
            Some((path, test)) => {
                if !path.is_empty() {
                    file = path.to_owned();
                }
                Some(test.to_owned())
            }
            None if word.ends_with(".rs") => {
                file = word.to_owned();
                None
            }
            // Names of tests are sentences.
            None if word.matches('_').count() > 1 => Some(word.to_owned()),
            None => continue,
        };
        found.push((file.clone(), test));
    }
    found
}

/// The files of this path, below any of the folders.
fn sources(root: &Path, file: &str) -> Vec<String> {
    let paths = FOLDERS.iter().map(|folder| root.join(folder).join(file));
    paths.filter_map(|path: PathBuf| fs::read_to_string(path).ok()).collect()
}
