//! What the compiler says of calls that a socket's type does not have, and of sockets in the wrong hands.
//!
//! The words are those of one version of the compiler. After a change: `TRYBUILD=overwrite cargo test -p zincmq --test
//! mistakes`, and read what has become of them.

#[rustversion::attr(not(stable(1.95)), ignore = "the words are those of Rust 1.95")]
#[test]
fn the_compiler_names_the_mistake() {
    trybuild::TestCases::new().compile_fail("tests/mistakes/*.rs");
}
