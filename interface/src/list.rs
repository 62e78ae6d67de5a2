//! The lines of the list.

use public_api::{Builder, PublicItem};
use std::collections::HashSet;
use std::error::Error;
use std::path::Path;

/// Traits that the compiler implements by itself; of these, `Send` and `Sync` are listed.
const UNLISTED: [&str; 4] =
    ["marker::Freeze for", "marker::Unpin for", "marker::UnsafeUnpin for", "::unwind_safe::"];

const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64",
];

/// The lines for a crate that rustdoc has described. The methods of the standard library's traits are left out.
pub(crate) fn read(description: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let items: Vec<_> =
        Builder::from_rustdoc_json(description).omit_blanket_impls(true).build()?.into_items().collect();
    let standard = items.iter().filter(|item| of_standard_trait(&item.to_string())).map(PublicItem::id);
    let standard: HashSet<_> = standard.collect();
    let is_listed = |item: &&PublicItem| !item.parent_id().is_some_and(|parent| standard.contains(&parent));
    let lines = items.iter().filter(|item| is_listed(item) || !item.to_string().contains("fn "));
    let mut seen = HashSet::new();
    let lines = lines.map(PublicItem::to_string).filter(|line| seen.insert(line.clone()));
    Ok(lines.filter(|line| !UNLISTED.iter().any(|unlisted| line.contains(unlisted))).collect())
}

/// Whether a line begins the implementation of a trait of the standard library.
fn of_standard_trait(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("impl") else { return false };
    let mut depth = 0;
    let begin = rest.find(|sign| {
        depth += i32::from(sign == '<') - i32::from(sign == '>');
        depth == 0 && sign == ' '
    });
    let name = begin.map_or("", |begin| &rest[begin + 1..]);
    line.contains(" for ") && ["core::", "alloc::", "std::"].iter().any(|standard| name.starts_with(standard))
}

/// Of the lines of a library those on the types that these lines pass on.
pub(crate) fn passed_on(lines: &[String], library: &str, of_library: Vec<String>) -> Vec<String> {
    let types: Vec<_> = own_names(lines).collect();
    let is_about = |line: &String| {
        let subject = line.rsplit_once(" for ").map_or(&**line, |(_, subject)| subject);
        let mut paths = subject.split(|sign: char| !sign.is_alphanumeric() && !"_:".contains(sign));
        let path = paths.find(|path| path.contains("::")).unwrap_or_default();
        let mut names = path.split("::");
        let is_of_library = names.next() == Some(library);
        let name = names.find(|name| name.starts_with(char::is_uppercase));
        is_of_library && name.is_some_and(|name| types.contains(&name))
    };
    of_library.into_iter().filter(is_about).collect()
}

/// The names under which types of other crates are passed on.
fn own_names(lines: &[String]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| line.strip_prefix("pub use ")?.rsplit("::").next())
}

/// The lines with types of crates that are neither this one nor known, and that this one does not pass on by a name of its own.
pub(crate) fn foreign<'a>(lines: &'a [String], known: &[&str]) -> Vec<&'a str> {
    let own: Vec<_> = own_names(lines).collect();
    let is_foreign = |path: &str| {
        let mut names = path.split("::");
        let first = names.next().unwrap_or_default();
        let is_crate =
            first.starts_with(|sign: char| sign.is_ascii_lowercase()) && !PRIMITIVES.contains(&first);
        is_crate && first != "zincmq" && !known.contains(&first) && !names.any(|name| own.contains(&name))
    };
    let paths = |line: &'a str| line.split(|sign: char| !sign.is_alphanumeric() && !"_:".contains(sign));
    let is_bad = |line: &&'a str| paths(line).any(|path| path.contains("::") && is_foreign(path));
    lines.iter().map(String::as_str).filter(is_bad).collect()
}

/// Lines that have gone, and lines that have come.
pub(crate) fn changes(listed: &str, found: &str) -> Vec<String> {
    let (old, new): (HashSet<_>, HashSet<_>) = (listed.lines().collect(), found.lines().collect());
    let gone = listed.lines().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let come = found.lines().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(come).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_of_the_standard_library_are_told_from_others() {
        for (line, expected) in [
            ("impl core::fmt::Debug for zincmq::Context", true),
            ("impl<'a, F: core::fmt::Debug> core::convert::From<&'a [F]> for zincmq::Message", true),
            ("impl<K> zincmq::poller::Pollable for zincmq::Socket<K>", false),
            ("impl zincmq::Context", false),
            ("pub struct zincmq::Context", false),
        ] {
            assert_eq!(of_standard_trait(line), expected, "{line}");
        }
    }

    #[test]
    fn foreign_types_are_found_wherever_they_stand() {
        let lines = [
            "pub use zincmq::PeerInfo",
            "pub fn zincmq::peer() -> core::option::Option<queue::peer::PeerInfo>",
            "pub fn zincmq::poll(&[mio::event::Event])",
            "pub fn zincmq::length(&str) -> <usize as core::ops::Add>::Output",
        ]
        .map(str::to_owned);
        assert_eq!(foreign(&lines, &["core"]), [&lines[2]]);
        assert_eq!(foreign(&lines, &[]), [&lines[1], &lines[2], &lines[3]]);
    }

    #[test]
    fn types_that_are_passed_on_are_listed_with_all_that_they_can() {
        let of_library = [
            "pub struct queue::PeerInfo",
            "pub fn queue::PeerInfo::get(&self) -> core::option::Option<&[u8]>",
            "impl core::fmt::Debug for queue::PeerInfo",
            "pub struct queue::PeerInfos",
            "pub fn queue::Reader::peer(&self) -> queue::PeerInfo",
        ]
        .map(str::to_owned);
        let listed = passed_on(&["pub use zincmq::PeerInfo".to_owned()], "queue", of_library.to_vec());
        assert_eq!(listed, of_library[..3]);
    }

    #[test]
    fn changes_are_lines_that_went_and_came() {
        assert_eq!(changes("a\nb\n", "b\na\n"), [] as [&str; 0]);
        assert_eq!(changes("a\nb\n", "b\nc\n"), ["- a", "+ c"]);
    }
}
