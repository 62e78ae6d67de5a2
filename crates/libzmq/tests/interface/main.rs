//! The interface as C programs have it: header, library, examples, misuse.

mod program;

mod examples;
mod exports;
mod header;
