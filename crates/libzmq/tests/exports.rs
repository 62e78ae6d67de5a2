//! What the shared library shows: all functions of the headers, and nothing else.

mod common;

use common::{library, root};
use object::elf::{DT_SONAME, FileHeader64};
use object::read::elf::{Dyn, ElfFile, FileHeader, SectionHeader};
use object::{Endianness, Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::fs;

/// The functions that a header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("crates/libzmq/include").join(header)).unwrap();
    let name = |declaration: &str| {
        let before = declaration.split(" (").next()?;
        Some(before.rsplit([' ', '*', '\n']).next()?.to_owned())
    };
    text.split("\nZMQ_EXPORT ").skip(1).filter_map(name).collect()
}

#[test]
fn all_that_is_declared_is_there_and_nothing_else() {
    let data = fs::read(library()).unwrap();
    let file = object::File::parse(&*data).unwrap();
    let defined = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    let exported: BTreeSet<_> = defined.map(|symbol| symbol.name().unwrap().to_owned()).collect();

    let declared = declared("zmq.h");
    assert_eq!(declared.len(), 96, "{declared:?}");
    let missing: Vec<_> = declared.difference(&exported).collect();
    assert!(missing.is_empty(), "not exported: {missing:?}");
    let foreign = |name: &&String| !name.starts_with("zmq_") && !name.starts_with("zincmq_");
    let foreign: Vec<_> = exported.iter().filter(foreign).collect();
    assert!(foreign.is_empty(), "exported: {foreign:?}");
}

#[test]
fn programs_built_for_libzmq_find_it() {
    let data = fs::read(library()).unwrap();
    let file = ElfFile::<FileHeader64<Endianness>>::parse(&*data).unwrap();
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, &*data).unwrap();
    let (entries, index) = sections.dynamic(endian, &*data).unwrap().unwrap();
    let strings = sections.strings(endian, &*data, index).unwrap();
    let soname = entries.iter().find(|entry| entry.tag32(endian) == Some(DT_SONAME)).unwrap();
    assert_eq!(soname.string(endian, strings).unwrap(), b"libzmq.so.5");
    assert!(sections.iter().all(|section| section.name(endian, strings).is_ok()));
}
