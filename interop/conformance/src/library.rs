//! The library under test: ours, one that is given, or genuine libzmq built as a shared library.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;

use crate::Result;
use crate::compiler::{Compiler, keep};
use crate::linux::LINUX;
use crate::parallel::each;
use crate::source::Source;

/// The name under which programs look for the library.
pub(crate) const SONAME: &str = "libzmq.so.5";

/// A library and the header that belongs to it.
pub(crate) struct Library {
    /// The folder in which it is called [`SONAME`].
    pub(crate) folder: PathBuf,
    /// The folder of zmq.h.
    pub(crate) header: PathBuf,
}

/// What `zmq_has` may be asked for, and the define by which the tests know it.
const CAPABILITIES: &[(&str, &str)] = &[
    ("ipc", "ZMQ_HAVE_IPC"),
    ("pgm", "ZMQ_HAVE_OPENPGM"),
    ("tipc", "ZMQ_HAVE_TIPC"),
    ("norm", "ZMQ_HAVE_NORM"),
    ("curve", "ZMQ_HAVE_CURVE"),
    ("gssapi", "HAVE_LIBGSSAPI_KRB5"),
    ("vmci", "ZMQ_HAVE_VMCI"),
    ("WS", "ZMQ_HAVE_WS"),
    ("WSS", "ZMQ_HAVE_WSS"),
];

/// What holds of every library on Linux, and of the system that the tests run on.
const PLATFORM: &[&str] = &[
    "HAVE_FORK",
    "HAVE_MKDTEMP",
    "ZMQ_HAVE_BUSY_POLL",
    "ZMQ_HAVE_LINUX",
    "ZMQ_HAVE_PPOLL",
    "ZMQ_HAVE_SO_PEERCRED",
    "ZMQ_HAVE_SO_PRIORITY",
    "ZMQ_HAVE_UIO",
];

/// The rest is told to the compiler by flags; this depends on the C library.
const GENUINE_PLATFORM: &str = "\
#include <features.h>
#if defined __GLIBC_PREREQ && __GLIBC_PREREQ(2, 38)
#define ZMQ_HAVE_STRLCPY
#endif
";

impl Library {
    /// Our own, built in release, or the one at `given`, under its name in `folder`.
    pub(crate) fn ours(
        source: &Source,
        folder: &Path,
        given: Option<&Path>,
        header: Option<&Path>,
    ) -> Result<Self> {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/libzmq/include");
        let header = header.unwrap_or(&crates).canonicalize()?;
        let built = match given {
            Some(path) => path.canonicalize()?,
            None => build_ours(source)?,
        };
        fs::create_dir_all(folder)?;
        let link = folder.join(SONAME);
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        symlink(built, link)?;
        Ok(Self { folder: folder.to_owned(), header })
    }

    /// Genuine libzmq in `folder`, with the draft interface and what it finds on Linux.
    pub(crate) fn genuine(source: &Source, folder: &Path, jobs: usize) -> Result<Self> {
        let vendor = &source.vendor;
        let compiler = genuine_compiler(vendor);
        keep(folder, &compiler.key())?;
        let folder = folder.canonicalize()?;
        fs::write(folder.join("platform.hpp"), GENUINE_PLATFORM)?;
        let objects = each(jobs, &genuine_sources(vendor)?, |path| -> Result<PathBuf> {
            let object = folder.join(path.with_extension("o").file_name().ok_or("a source without a name")?);
            compiler.make(slice::from_ref(path), &object, &["-c", "-I", &folder.to_string_lossy()])?;
            Ok(object)
        });
        let objects = objects.into_iter().collect::<Result<Vec<_>>>()?;
        let soname = format!("-Wl,-soname,{SONAME}");
        compiler.make(&objects, &folder.join(SONAME), &["-shared", &soname])?;
        Ok(Self { folder, header: vendor.join("include") })
    }

    /// The platform.hpp that libzmq's configure step would have written for this library.
    pub(crate) fn platform(&self, scratch: &Path) -> Result<String> {
        let probe = scratch.join("probe");
        let library = format!("-l:{SONAME}");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/probe.c");
        let search = format!("-L{}", self.folder.display());
        Compiler::new(["-w"]).make(&[source], &probe, &[&search, &library])?;
        let asked = CAPABILITIES.iter().map(|(capability, _)| capability);
        let output = Command::new(probe).args(asked).env("LD_LIBRARY_PATH", &self.folder).output()?;
        if !output.status.success() {
            return Err(format!("zmq_has: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let answers = String::from_utf8_lossy(&output.stdout).into_owned();
        let present = CAPABILITIES.iter().zip(answers.lines()).filter(|(_, answer)| *answer == "yes");
        let defines = PLATFORM.iter().chain(present.map(|((_, define), _)| define));
        Ok(defines.map(|define| format!("#define {define}\n")).collect())
    }
}

fn build_ours(source: &Source) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "-p", "zincmq-libzmq"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !status.success() {
        return Err("zincmq-libzmq does not build".into());
    }
    Ok(source.target.join("release/libzmq.so"))
}

fn genuine_compiler(vendor: &Path) -> Compiler {
    let flags = ["-O3", "-DNDEBUG", "-fPIC", "-w", "-pthread", "-fvisibility=hidden"];
    let always = [
        "HAVE_STRNLEN",
        "ZMQ_BUILD_DRAFT_API=1",
        "ZMQ_HAVE_IPC",
        "ZMQ_HAVE_LINUX",
        "ZMQ_HAVE_STRUCT_SOCKADDR_UN",
        "ZMQ_HAVE_UIO",
        "ZMQ_HAVE_WS",
        "ZMQ_IOTHREAD_POLLER_USE_EPOLL",
        "ZMQ_POLL_BASED_ON_POLL",
        "ZMQ_USE_BUILTIN_SHA1",
        "ZMQ_USE_CV_IMPL_STL11",
    ];
    let folders =
        ["include", "src", "external/sha1"].map(|folder| format!("-I{}", vendor.join(folder).display()));
    let defines = always.iter().chain(LINUX).map(|define| format!("-D{define}"));
    Compiler::new(flags.map(String::from).into_iter().chain(folders).chain(defines))
}

/// All of libzmq but the transport that needs a library of its own.
fn genuine_sources(vendor: &Path) -> Result<Vec<PathBuf>> {
    let mut sources = vec![vendor.join("external/sha1/sha1.c")];
    for entry in fs::read_dir(vendor.join("src"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".cpp") && !name.starts_with("wss_") {
            sources.push(path);
        }
    }
    Ok(sources)
}
