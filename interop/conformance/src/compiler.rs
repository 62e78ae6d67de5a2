//! The C++ compiler, and directories that keep what it made as long as nothing changes.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;

/// The compiler with the flags that all its calls share.
pub(crate) struct Compiler {
    program: OsString,
    flags: Vec<String>,
}

impl Compiler {
    /// The compiler that `CXX` names, or `c++`.
    pub(crate) fn new(flags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let program = env::var_os("CXX").unwrap_or_else(|| "c++".into());
        Self { program, flags: flags.into_iter().map(Into::into).collect() }
    }

    /// What all that it makes depends on.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.program.display(), self.flags.join(" "))
    }

    /// Makes `output` from `inputs`, unless it is there. A failure is told by the compiler's first complaint.
    pub(crate) fn make(&self, inputs: &[PathBuf], output: &Path, more: &[&str]) -> Result<()> {
        if output.exists() {
            return Ok(());
        }
        let unfinished = output.with_extension("part");
        let mut command = Command::new(&self.program);
        command.args(&self.flags).arg("-o").arg(&unfinished);
        for input in inputs {
            let is_c = input.extension().is_some_and(|extension| extension == "c");
            command.args(["-x", if is_c { "c" } else { "none" }]).arg(input);
        }
        let done = command.args(["-x", "none"]).args(more).stdin(Stdio::null()).output()?;
        if !done.status.success() {
            return Err(complaint(&String::from_utf8_lossy(&done.stderr)).into());
        }
        Ok(fs::rename(unfinished, output)?)
    }
}

fn complaint(stderr: &str) -> &str {
    let is_error = |line: &&str| line.contains("error") || line.contains("undefined");
    stderr.lines().find(is_error).or_else(|| stderr.lines().next()).unwrap_or("the compiler failed")
}

/// Makes the directory ready for what depends on `key` alone: what another key left there is removed.
pub(crate) fn keep(directory: &Path, key: &str) -> Result<()> {
    let note = directory.join("key");
    if fs::read_to_string(&note).is_ok_and(|old| old == key) {
        return Ok(());
    }
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    Ok(fs::write(note, key)?)
}
