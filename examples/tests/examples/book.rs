//! The book and the papers: links lead somewhere, tables say what is, code is code that runs.

use crate::harness::folder;
use std::fs;
use std::path::{Path, PathBuf};
use zincmq::SocketType;
use zincmq::option::{self, Access, Effect, Row};

fn root() -> &'static Path {
    folder().parent().unwrap()
}

fn pages() -> PathBuf {
    root().join("docs/book/src")
}

/// The Markdown files in a folder and below.
fn papers(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(papers(&path));
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// A paper without its fenced code.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// The fenced code: the words behind the fence, and the code.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("\n```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap_or((block, "")))
}

/// The targets of links: what stands in `](...)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// The name by which a heading is linked to.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    heading.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for paper in papers(root()) {
        let text = prose(&fs::read_to_string(&paper).unwrap());
        let within = links(&text).filter(|link| !link.contains("://") && !link.starts_with("mailto:"));
        broken.extend(
            within
                .filter(|link| !leads_somewhere(&paper, link))
                .map(|link| format!("{}: {link}", paper.display())),
        );
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// Whether the file is there, and has the heading.
fn leads_somewhere(paper: &Path, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { paper.to_owned() } else { paper.with_file_name("").join(file) };
    if heading.is_empty() {
        return target.exists();
    }
    let text = fs::read_to_string(target).unwrap_or_default();
    prose(&text).lines().any(|line| line.starts_with('#') && anchor(line) == heading)
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = fs::read_to_string(pages().join("SUMMARY.md")).unwrap();
    let listed: Vec<_> = links(&summary).collect();
    for page in papers(&pages()) {
        let name = page.strip_prefix(pages()).unwrap().to_str().unwrap();
        assert!(name == "SUMMARY.md" || listed.contains(&name), "SUMMARY.md lacks {name}");
    }
}

/// Where a paper names the oldest Rust, it is the one of the manifest.
#[test]
fn the_oldest_rust_is_that_of_the_manifest() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let oldest =
        manifest.split("rust-version = \"1.").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mut named = 0;
    for paper in [vec![root().join("README.md")], papers(&pages())].concat() {
        for rest in fs::read_to_string(&paper).unwrap().split("Rust 1.").skip(1) {
            let digits = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
            assert_eq!(&rest[..digits], oldest, "{}", paper.display());
            named += 1;
        }
    }
    assert!(named > 0);
}

/// Rust code stands there to be compiled (`src/book.rs` sees to that), or it is an example, which is.
#[test]
fn code_is_compiled() {
    let compiled = fs::read_to_string(folder().join("src/book.rs")).unwrap();
    for page in papers(&pages()) {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.file_name().unwrap().to_str().unwrap();
        for (language, code) in blocks(&text) {
            match language {
                "" => panic!("{name}: code without a language"),
                "rust" | "rust,compile_fail" => {
                    assert!(compiled.contains(&format!("/{name}\"")), "{name} is not in src/book.rs");
                }
                "rust,ignore" => {
                    assert!(is_example(code.trim()), "{name}: code that nobody compiles:\n{code}")
                }
                other => assert!(!other.contains("rust"), "{name}: {other}"),
            }
        }
    }
}

/// Whether the code is there by reference to one of the programs.
fn is_example(code: &str) -> bool {
    let file =
        code.strip_prefix("{{#include ../../../examples/src/bin/").and_then(|rest| rest.strip_suffix("}}"));
    file.is_some_and(|file| folder().join("src/bin").join(file).exists())
}

const MARK: &str = "<!-- From here on generated: UPDATE=1 cargo test -p examples options -->\n";

#[test]
fn options_are_those_of_the_table() {
    let page = pages().join("options.md");
    let text = fs::read_to_string(&page).unwrap();
    let (written, there) = text.split_once(MARK).unwrap();
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&page, format!("{written}{MARK}{table}")).unwrap();
    } else {
        assert!(there == table, "options.md is out of date: run UPDATE=1 cargo test -p examples options");
    }
}

fn table() -> String {
    let (settings, state): (Vec<&Row>, Vec<&Row>) = option::rows().iter().partition(|row| !row.is_state());
    let mut text = "\n## Settings\n\n| option | meaning | takes | default | acts | for |\n".to_owned();
    text += "|---|---|---|---|---|---|\n";
    for row in settings {
        let default = row.default_value().map(|value| value.to_string()).unwrap_or_default();
        let acts = if row.effect == Effect::Now { "at once" } else { "later" };
        let cells =
            [name(row), row.doc().to_owned(), row.kind.to_string(), default, acts.to_owned(), types(row)];
        text += &format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    text += "\n## State\n\n| option | meaning | access | for |\n|---|---|---|---|\n";
    for row in state {
        let access = match row.access {
            Access::Set => "set",
            Access::Get => "read",
            Access::SetGet => "both",
        };
        text += &format!("| {} | {} | {access} | {} |\n", name(row), row.doc(), types(row));
    }
    text
}

fn name(row: &Row) -> String {
    format!("`{}` ({})", row.name, row.number)
}

fn types(row: &Row) -> String {
    if row.applies.is_empty() {
        return "all".to_owned();
    }
    row.applies.iter().copied().map(SocketType::name).collect::<Vec<_>>().join(", ")
}

/// Every example is in the table of what is covered, and every test named there exists.
#[test]
fn what_is_covered_is() {
    let page = fs::read_to_string(pages().join("coverage.md")).unwrap();
    for example in fs::read_dir(folder().join("src/bin")).unwrap() {
        let path = example.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("`{name}`")), "coverage.md lacks the example {name}");
    }
    let tests: String = ["main.rs", "genuine.rs", "book.rs"]
        .map(|file| fs::read_to_string(folder().join("tests/examples").join(file)).unwrap())
        .concat();
    for row in page.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for test in cell.split('`').skip(1).step_by(2) {
            assert!(tests.contains(&format!("fn {test}()")), "coverage.md: there is no test {test}");
        }
    }
}
