//! The header is what programs expect, and clean in every dialect; misuse is told and survived.

use crate::program::{Running, compile, root};
use std::collections::HashSet;
use std::fs;
use zincmq::option::rows;

#[test]
fn the_header_is_clean_in_every_dialect() {
    let source = root().join("crates/libzmq/tests/c/layout.c");
    let draft = ["-DZMQ_BUILD_DRAFT_API", "-D_POSIX_C_SOURCE=200809L"];
    for standard in ["c89", "c99", "c11", "c17"] {
        let standard = format!("-std={standard}");
        compile(&source, &[&standard, "-pedantic"]);
        compile(&source, &[&standard, "-pedantic", draft[0], draft[1]]);
    }
    for standard in ["c++98", "c++11", "c++17"] {
        let standard = format!("-std={standard}");
        compile(&source, &["-x", "c++", &standard, "-pedantic", draft[0], draft[1]]);
    }
}

#[test]
fn misuse_is_told_and_survived() {
    let program = compile(&root().join("crates/libzmq/tests/c/misuse.c"), &[]);
    let (output, content) = Running::start(&program, &[]).end();
    let error: Vec<_> = output.lines().filter(|line| line.starts_with("WRONG")).collect();
    assert!(
        content && error.is_empty(),
        "{}\n{}",
        error.join("\n"),
        output.lines().last().unwrap_or_default()
    );
}

#[test]
fn the_headers_name_the_options_that_the_library_knows() {
    let include = root().join("crates/libzmq/include");
    let text = ["zmq.h", "zincmq.h"].map(|name| fs::read_to_string(include.join(name)).unwrap()).concat();
    let define = |line: &str| {
        let mut words = line.strip_prefix("#define ")?.split(' ');
        Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
    };
    let defined: HashSet<(String, i32)> = text.lines().filter_map(define).collect();
    let ours = rows().iter().map(|row| (row.c_name(), row.number));
    let missing: Vec<_> = ours.filter(|option| !defined.contains(option)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
