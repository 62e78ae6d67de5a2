//! Compiling the tests against the header under test.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::slice;

use crate::Result;
use crate::compiler::{Compiler, keep};
use crate::library::{Library, SONAME};
use crate::parallel::each;
use crate::sodium;
use crate::source::Source;

/// What every test is linked with.
const COMMON: &[&str] = &[
    "external/unity/unity.c",
    "tests/testutil.cpp",
    "tests/testutil_monitoring.cpp",
    "tests/testutil_security.cpp",
    "tests/testutil_unity.cpp",
];

/// Our own addition to each.
const LINES: &str = include_str!("lines.c");

/// The test that is made of libzmq's own parts, and all that these need.
const WITH_INTERNALS: &str = "tests/test_security_curve.cpp";
const INTERNALS: &str = "src/internals.cpp";

/// The tests are many and run once: quickly compiled is better than quickly run.
const FLAGS: &[&str] =
    &["-O0", "-w", "-pthread", "-DZMQ_BUILD_DRAFT_API=1", "-DUNITY_EXCLUDE_FLOAT", "-DZMQ_USE_LIBSODIUM"];

/// Where programs are compiled: a tree in which what a test includes is the header under test, not the
/// genuine one that lies beside it.
pub(crate) struct Tree {
    folder: PathBuf,
    compiler: Compiler,
    search: String,
}

impl Tree {
    /// Lays the tree out in `folder`; what was compiled there stays if header, flags and platform are the same.
    /// `scratch` keeps the program that asks the library what it has.
    pub(crate) fn new(source: &Source, library: &Library, folder: &Path, scratch: &Path) -> Result<Self> {
        let include = ["src", "external/unity"].map(|part| folder.join(part)).into_iter();
        let include = include.chain([sodium::INCLUDE.into()]).map(|part| format!("-I{}", part.display()));
        let compiler = Compiler::new(FLAGS.iter().map(ToString::to_string).chain(include));
        let platform = library.platform(scratch)?;
        let headers = files(&library.header)?;
        let mut key = format!("{}\n{}\n{platform}{LINES}", compiler.key(), source.vendor.display());
        for header in &headers {
            key.push_str(&fs::read_to_string(header)?);
        }
        keep(folder, &key)?;

        place(&headers, &folder.join("include"))?;
        for part in ["tests", "perf", "external/unity"] {
            place(&files(&source.vendor.join(part))?, &folder.join(part))?;
        }
        let mut internals = files(&source.vendor.join("src"))?;
        internals.retain(|file| file.extension().is_some_and(|extension| extension == "hpp"));
        place(&internals, &folder.join("src"))?;
        fs::write(folder.join("src/platform.hpp"), platform)?;
        let search = format!("-L{}", library.folder.display());
        Ok(Self { folder: folder.to_owned(), compiler, search })
    }

    /// The objects that all tests share.
    pub(crate) fn common(&self, jobs: usize) -> Result<Vec<PathBuf>> {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lines.c");
        let sources: Vec<_> = COMMON.iter().map(|source| self.folder.join(source)).chain([ours]).collect();
        let objects = each(jobs, &sources, |source| {
            let name = source.with_extension("o");
            let object = self.folder.join(name.file_name().unwrap_or_default());
            self.compiler.make(slice::from_ref(source), &object, &["-c"]).map(|()| object)
        });
        objects.into_iter().collect()
    }

    /// The program made of `test`, a path in libzmq's folder, and `objects`.
    pub(crate) fn program(&self, test: &str, objects: &[PathBuf]) -> Result<PathBuf> {
        let source = self.folder.join(test);
        let program = source.with_extension("");
        let library = format!("-l:{SONAME}");
        let mut inputs: Vec<_> = [source].into_iter().chain(objects.iter().cloned()).collect();
        if test == WITH_INTERNALS {
            inputs.push(Path::new(env!("CARGO_MANIFEST_DIR")).join(INTERNALS));
            inputs.push(sodium::library());
        }
        self.compiler.make(&inputs, &program, &[&self.search, &library]).map(|()| program)
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

/// Puts links to the files into `folder`. To the files and not to their folder, since `..` in an include
/// would lead out of the tree otherwise.
fn place(files: &[PathBuf], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for file in files {
        let link = folder.join(file.file_name().unwrap_or_default());
        if !link.is_symlink() {
            symlink(file, link)?;
        }
    }
    Ok(())
}
