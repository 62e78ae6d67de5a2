//! What the shared library shows: all functions of the headers, and nothing else.

use crate::program::{library, root};
use object::elf::DT_SONAME;
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::fs;

fn ours(name: &str) -> bool {
    (name.starts_with("zmq_") || name.starts_with("zincmq_")) && !name.ends_with(')')
}

/// The functions that a header declares: what stands before a space and a parenthesis.
fn declared(header: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("crates/libzmq/include").join(header)).unwrap();
    let words = text.split(" (").filter_map(|before| before.rsplit([' ', '*', '\n']).next());
    words.filter(|word| ours(word)).map(str::to_owned).collect()
}

#[test]
fn all_that_is_declared_is_there_and_nothing_else() {
    let data = fs::read(library()).unwrap();
    let file = object::File::parse(&*data).unwrap();
    let defined = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    let exported: BTreeSet<_> = defined.map(|symbol| symbol.name().unwrap().to_owned()).collect();

    let mut declared_here = declared("zmq.h");
    assert_eq!(declared_here.len(), 96, "as many as libzmq 4.3.5 has with drafts: {declared_here:?}");
    declared_here.append(&mut declared("zincmq.h"));
    let missing: Vec<_> = declared_here.difference(&exported).collect();
    assert!(missing.is_empty(), "not exported: {missing:?}");
    let foreign: Vec<_> = exported.iter().filter(|name| !ours(name)).collect();
    assert!(foreign.is_empty(), "exported: {foreign:?}");
}

#[test]
fn programs_built_for_libzmq_find_it() {
    let data = fs::read(library()).unwrap();
    let file = ElfFile64::<Endianness>::parse(&*data).unwrap();
    let table = file.elf_dynamic_table().unwrap();
    let soname = table.iter().find(|entry| entry.tag == DT_SONAME).unwrap();
    assert_eq!(table.string(soname).unwrap(), b"libzmq.so.5");
}
