//! C programs: compiled against our header and library, and run.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{env, fs, thread};

/// No program of these tests takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where this is written to.
fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// `libzmq.so.5`, of the profile and for the target that the tests are built with. cargo builds no shared library
/// for the tests of its own package, so this does.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        // This is target/[triple/]profile/deps/test.
        let profile = env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
        let target = scratch().parent().unwrap();
        let name = |folder: &Path| folder.file_name().unwrap().to_str().unwrap().to_owned();
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet", "--lib", "--package", env!("CARGO_PKG_NAME"), "--target-dir"])
            .arg(target);
        let profile_name = name(&profile);
        build.args(["--profile", if profile_name == "debug" { "dev" } else { &profile_name }]);
        let above = profile.parent().unwrap();
        if above != target {
            build.args(["--target", &name(above)]);
        }
        assert!(build.status().unwrap().success(), "{build:?}");

        let folder = scratch().join(profile_name);
        fs::create_dir_all(&folder).unwrap();
        let link = folder.join("libzmq.so.5");
        match symlink(profile.join("libzmq.so"), &link) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("{error}"),
            _ => link,
        }
    })
}

/// Compiles a program against our header and library. Warnings are errors.
pub(crate) fn compile(source: &Path, flags: &[&str]) -> PathBuf {
    let library = library();
    let folder = library.parent().unwrap();
    let program = folder.join(source.file_stem().unwrap());
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(["-Wall", "-Wextra", "-Werror", "-g", "-pthread"]).args(flags);
    compiler.arg("-I").arg(root().join("crates/libzmq/include"));
    // A language that the flags ask for is the source's alone.
    compiler.arg("-o").arg(&program).arg(source).args(["-x", "none"]).arg(library);
    compiler.arg(format!("-Wl,-rpath,{}", folder.display()));
    assert!(compiler.status().unwrap().success(), "{compiler:?}");
    program
}

/// A program that runs, and ends with the test.
pub(crate) struct Running {
    program: PathBuf,
    child: Child,
    output: Receiver<String>,
}

impl Running {
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut stdout = child.stdout.take().unwrap();
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            sender.send(text)
        });
        Self { program: program.to_owned(), child, output }
    }

    /// What the program says until it ends, and whether it is content.
    pub(crate) fn end(mut self) -> (String, bool) {
        let Ok(output) = self.output.recv_timeout(PATIENCE) else {
            panic!("{} does not end", self.program.display());
        };
        (output, self.child.wait().unwrap().success())
    }

    /// What a program says that must be content.
    pub(crate) fn output(self) -> String {
        let program = self.program.clone();
        let (output, content) = self.end();
        assert!(content, "{} failed:\n{output}", program.display());
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be over, which is as well.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
