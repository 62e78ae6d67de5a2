//! Where an argument was written: messages call it as it is called there.

use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// The command line, or a part of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    file: Option<PathBuf>,
    /// The name of the part, with a dot at its end, or nothing.
    section: String,
}

impl Origin {
    /// A part of a file; with an empty name all of it.
    pub(crate) fn section(file: &Path, name: &str) -> Self {
        let section = if name.is_empty() { String::new() } else { format!("{name}.") };
        Self { file: Some(file.to_owned()), section }
    }

    /// The argument as its user knows it.
    pub(super) fn key(&self, key: &str) -> String {
        match &self.file {
            Some(_) => format!("{}{key}", self.section),
            None => format!("--{key}"),
        }
    }

    /// A path in a file counts from there, so that the file means the same wherever the command is started.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.file
            .as_deref()
            .and_then(Path::parent)
            .map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    /// Wrong usage of the argument; without a name, of the part.
    pub(crate) fn wrong(&self, key: &str, text: &str) -> Failure {
        let name = match (&self.file, key) {
            (None, "") => String::new(),
            (Some(_), "") => format!("{}: ", self.section.trim_end_matches('.')),
            _ => format!("{}: ", self.key(key)),
        };
        let name = if name == ": " { String::new() } else { name };
        Failure::Usage(match &self.file {
            Some(file) => format!("{}: {name}{text}", file.display()),
            None => format!("{name}{text}"),
        })
    }
}
