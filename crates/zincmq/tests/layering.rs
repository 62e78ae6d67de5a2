//! The house stays as it was drawn: modules and crates depend only downwards, and `unsafe` has its places.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates from top to bottom.
const CRATES: [&str; 8] = ["zinc", "libzmq", "zincmq", "queue", "sys", "zmtp", "pgm", "salsa"];
/// Those that may contain `unsafe`.
const UNSAFE: [&str; 4] = ["queue", "sys", "libzmq", "salsa"];

/// A module imports only modules that `lib.rs` declares below it, each named by its own `crate::` path. The
/// `contract` of a folder is what the folder and those below it agree on: anybody may import it, and it imports
/// only what is below all of these.
#[test]
fn modules_import_downwards() {
    let source = crates().join("zincmq/src");
    let order = declared(&fs::read_to_string(source.join("lib.rs")).unwrap());
    let place = |module: &str| order.iter().position(|declared| declared == module);
    let imports: Vec<Import> = files(&source).iter().flat_map(|file| imports(&source, file)).collect();
    // Where a contract stands: as low as the lowest that imports it.
    let level = |import: &Import| {
        let users =
            imports.iter().filter(|user| import.of_contract && user.contract && user.to == import.from);
        users.map(|user| place(&user.from)).chain([place(&import.from)]).max().flatten()
    };
    let upwards =
        |import: &&Import| import.from != import.to && !import.contract && place(&import.to) <= level(import);
    let wrong: Vec<_> =
        imports.iter().filter(upwards).map(|Import { file, to, .. }| format!("{file}: {to}")).collect();
    assert!(wrong.is_empty(), "imports upwards, or of what lib.rs does not declare:\n{}", wrong.join("\n"));
}

#[test]
fn crates_depend_downwards() {
    for (place, name) in CRATES.iter().enumerate() {
        let Ok(manifest) = fs::read_to_string(crates().join(name).join("Cargo.toml")) else { continue };
        let tables = manifest.split("\n[").filter(|table| !table.starts_with("dev-"));
        let lines = tables.filter(|table| table.contains("dependencies]")).flat_map(str::lines);
        for line in lines.filter(|line| line.contains('=')) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap();
            let upwards = CRATES[..=place].contains(&dependency);
            assert!(!upwards, "{name} depends on {dependency}");
        }
    }
}

#[test]
fn unsafe_stays_where_it_belongs() {
    for folder in fs::read_dir(crates()).unwrap().map(|entry| entry.unwrap()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(CRATES.contains(&&*name), "the crate {name} has no place in the order");
        for file in files(&folder.path().join("src")).iter().filter(|_| !UNSAFE.contains(&&*name)) {
            let code = code(file);
            let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            assert!(!words.any(|word| word == "unsafe"), "unsafe in {}", file.display());
        }
    }
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// One `crate::` path: which module names which, and whether its contract.
struct Import {
    file: String,
    from: String,
    of_contract: bool,
    to: String,
    contract: bool,
}

/// The modules that a `lib.rs` declares, in order.
fn declared(source: &str) -> Vec<String> {
    let names = source.lines().filter_map(|line| line.split("//").next()?.trim().strip_suffix(';'));
    names.filter_map(|line| Some(line.rsplit_once("mod ")?.1.to_owned())).collect()
}

/// Every Rust file of a folder, but for unit tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let inside = |entry: fs::DirEntry| match entry.path() {
        path if path.file_stem().is_some_and(|name| name == "tests") => Vec::new(),
        path if path.is_dir() => files(&path),
        path => vec![path],
    };
    fs::read_dir(folder).into_iter().flatten().flat_map(|entry| inside(entry.unwrap())).collect()
}

/// A file without comments and unit tests.
fn code(file: &Path) -> String {
    let source = fs::read_to_string(file).unwrap();
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    source.lines().map(|line| line.split("//").next().unwrap().to_owned() + "\n").collect()
}

fn imports(source: &Path, file: &Path) -> Vec<Import> {
    let inside = file.strip_prefix(source).unwrap().with_extension("").display().to_string();
    let code = if inside == "lib" { String::new() } else { code(file) };
    let import = |path: &str| {
        let mut words = path
            .split(|sign: char| !sign.is_alphanumeric() && !"_:".contains(sign))
            .next()
            .unwrap()
            .split("::");
        Import {
            file: inside.clone(),
            from: inside.split('/').next().unwrap().to_owned(),
            of_contract: inside.ends_with("/contract"),
            to: words.next().unwrap().to_owned(),
            contract: words.next() == Some("contract"),
        }
    };
    code.split("crate::").skip(1).map(import).collect()
}
