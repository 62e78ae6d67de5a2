//! Runs libzmq's own test suite against our drop-in library. The suite is found in the crate `zeromq-src`,
//! compiled against our header, and run with our library.

mod compile;
mod compiler;
mod expected;
mod library;
#[path = "../../genuine/linux.rs"]
mod linux;
mod parallel;
mod perf;
mod report;
mod run;
mod sodium;
mod source;
mod suite;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::Parser;

use crate::compile::Tree;
use crate::expected::Expected;
use crate::library::Library;
use crate::source::{Source, Test};
use crate::suite::Suite;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// Run libzmq's own test suite against our drop-in library.
#[derive(Parser)]
struct Arguments {
    /// Run these tests only.
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// Test this libzmq.so.5 instead of building ours.
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// Compile against the zmq.h in this folder instead of ours.
    #[arg(long, value_name = "FOLDER")]
    header: Option<PathBuf>,
    /// Test genuine libzmq, built from source, instead of ours.
    #[arg(long, conflicts_with_all = ["library", "header"])]
    genuine: bool,
    /// Build genuine libzmq as a shared library in this folder, and do nothing else.
    #[arg(long, value_name = "FOLDER")]
    build_genuine: Option<PathBuf>,
    /// Run libzmq's measuring tools instead of its tests, each for a moment.
    #[arg(long)]
    perf: bool,
    /// How many programs to compile and to run at a time (default: one a processor).
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Run each test so many times; it passes when it always does.
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: usize,
    /// List the tests.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    let source = Source::find()?;
    let jobs = arguments.jobs.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    if let Some(folder) = &arguments.build_genuine {
        let library = Library::genuine(&source, folder, jobs)?;
        println!("{}", library.folder.display());
        return Ok(true);
    }
    let tests = source.tests()?;
    let list = if arguments.genuine { "genuine.txt" } else { "expected.txt" };
    let names: Vec<_> = tests.iter().map(|test| test.name.as_str()).collect();
    let list = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(list))?;
    let expected = Expected::parse(&list, &names)?;
    let chosen = choose(&tests, &arguments.only)?;
    if arguments.list {
        chosen.into_iter().for_each(report::list);
        return Ok(true);
    }

    let home = source.target.join("conformance").join(if arguments.genuine { "genuine" } else { "ours" });
    let folder = home.join("library");
    let library = if arguments.genuine {
        Library::genuine(&source, &folder, jobs)?
    } else {
        Library::ours(&source, &folder, arguments.library.as_deref(), arguments.header.as_deref())?
    };
    let tree = Tree::new(&source, &library, &home.join("programs"), &home)?;
    if arguments.perf {
        return perf::run(&tree, &library.folder);
    }
    let repeat = arguments.repeat.max(1);
    Suite { tree, library, scratch: home.join("scratch"), jobs, repeat, expected }.run(&chosen)
}

/// The tests of these names, or all.
fn choose<'a>(tests: &'a [Test], names: &[String]) -> Result<Vec<&'a Test>> {
    if names.is_empty() {
        return Ok(tests.iter().collect());
    }
    let find = |name: &String| {
        let test = tests.iter().find(|test| test.name == *name);
        test.ok_or_else(|| format!("there is no test {name}: see --list").into())
    };
    names.iter().map(find).collect()
}
