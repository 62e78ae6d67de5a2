//! Whose sockets a process uses.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fmt};

/// The library of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Library {
    /// zincmq, from Rust.
    Native,
    /// zincmq's C library.
    C,
    /// The system's libzmq.
    Genuine,
}

impl Library {
    /// What the program `multicast_peer` is to load.
    #[must_use]
    pub fn argument(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::C => ours_in_c().to_str().expect("a path that is text"),
            Self::Genuine => GENUINE,
        }
    }
}

impl fmt::Display for Library {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

/// The name under which the system finds it.
const GENUINE: &str = "libzmq.so.5";

/// Whether the system has a genuine libzmq that speaks PGM. If not, says so, since a test then shows nothing.
#[must_use]
pub fn genuine(program: &Path) -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let mut probe = Command::new(program);
        let status = probe.args([GENUINE, "probe"]).stderr(Stdio::null()).status();
        let found = status.is_ok_and(|status| status.success());
        if !found {
            eprintln!("not tested: the system has no libzmq with OpenPGM; Debian: apt-get install libzmq5");
        }
        found
    })
}

/// Our C library, of the profile that this program was built with. cargo builds no shared library for the tests of
/// another package, so this does.
pub fn ours_in_c() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        // This is target/[triple/]profile/[deps/]program.
        let program = env::current_exe().expect("a program has a path");
        let deps = |folder: &&Path| folder.ends_with("deps");
        let above = program.parent().expect("a program is in a folder");
        let profile = if deps(&above) { above.parent().expect("deps is in a folder") } else { above };
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--lib", "--package", "zincmq-libzmq", "--target-dir"]);
        let target = profile.parent().expect("a profile is in a folder");
        let name = profile.file_name().and_then(|name| name.to_str()).expect("the name of a profile");
        build.arg(target).args(["--profile", if name == "debug" { "dev" } else { name }]);
        assert!(build.status().expect("cargo").success(), "{build:?}");
        profile.join("libzmq.so")
    })
}
