//! The public interface of `zincmq` as a list, one line an item: what changes for a program shows as a changed line.
//!
//! `cargo run -p interface` compares the list with the source, and fails where they differ or where a type of a foreign crate has
//! come in. `cargo run -p interface -- --update` writes the list. Needs nightly Rust, which describes a crate in JSON.

mod list;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// Crates whose types a program may meet in the interface, without any feature.
const FOREIGN: &[&str] = &["core", "alloc", "std", "bytes"];

/// Crates of which features bring types.
const FOREIGN_BY_FEATURE: &[&str] = &["futures_core", "futures_sink"];

/// Crates of ours of which `zincmq` passes on some types, under names of its own.
const PASSED_ON: [&str; 2] = ["queue", "zmtp"];

/// The format of rustdoc's JSON that is read here; other versions of nightly Rust write others.
const FORMAT: &str = "\"format_version\":57";

fn main() -> ExitCode {
    match run() {
        Ok(told) => {
            println!("interface: {told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("interface: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let has_nightly =
        Command::new("cargo").args(["+nightly", "--version"]).output().is_ok_and(|out| out.status.success());
    if !has_nightly {
        return Ok("not compared, there is no nightly Rust (rustup toolchain install nightly)".to_owned());
    }
    let description = describe(folder, "zincmq", "--no-default-features")?;
    if !fs::read_to_string(&description)?.contains(FORMAT) {
        return Ok(format!("not compared, this nightly Rust does not write {FORMAT}"));
    }
    refuse_foreign(&list::read(&description)?, FOREIGN)?;
    let mut found = list::read(&describe(folder, "zincmq", "--all-features")?)?;
    for library in PASSED_ON {
        let all = list::read(&describe(folder, library, "--all-features")?)?;
        found.extend(list::passed_on(&found, library, all));
    }
    refuse_foreign(&found, &[FOREIGN, FOREIGN_BY_FEATURE].concat())?;
    let file = folder.join("zincmq.txt");
    let found = found.join("\n") + "\n";
    if env::args().nth(1).as_deref() == Some("--update") {
        fs::write(&file, &found)?;
        return Ok(format!("{} lines written", found.lines().count()));
    }
    let listed = fs::read_to_string(&file)?;
    let changes = list::changes(&listed, &found);
    if changes.is_empty() {
        return Ok(format!("{} lines as listed", found.lines().count()));
    }
    Err(format!(
        "it is another than interface/zincmq.txt says; `cargo run -p interface -- --update` writes it anew\n{}",
        changes.join("\n")
    )
    .into())
}

fn refuse_foreign(lines: &[String], known: &[&str]) -> Result<(), String> {
    match list::foreign(lines, known) {
        foreign if foreign.is_empty() => Ok(()),
        foreign => Err(format!("types of foreign crates in the interface:\n{}", foreign.join("\n"))),
    }
}

/// Has rustdoc describe a library, and returns the file.
fn describe(folder: &Path, library: &str, features: &str) -> Result<PathBuf, Box<dyn Error>> {
    let target = folder.join("../target/interface");
    let status = Command::new("cargo")
        .env("CARGO_TARGET_DIR", &target)
        .args(["+nightly", "rustdoc", "--quiet", "--lib", features])
        .current_dir(folder.join("../crates").join(library))
        .args(["--", "-Zunstable-options", "--output-format", "json"])
        .status()?;
    if !status.success() {
        return Err("rustdoc failed".into());
    }
    Ok(target.join("doc").join(library).with_extension("json"))
}
