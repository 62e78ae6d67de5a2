//! Builds libzmq 4.3.5 from the sources in `zeromq-src`: needs a C++ compiler and make, and nothing of the
//! system's. Its CURVE needs libsodium, which `libsodium-sys-stable` builds from its sources.

use std::env;
use zeromq_src::LibLocation;

#[path = "linux.rs"]
mod linux;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=linux.rs");
    let mut flags = env::var("CXXFLAGS").unwrap_or_default();
    flags.push_str(" -DNDEBUG -w");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        for name in linux::LINUX {
            flags.push_str(" -D");
            flags.push_str(name);
        }
    }
    // What we compare with is always the optimised library, also in a debug build of ours.
    let settings = [("CXXFLAGS", flags.as_str()), ("OPT_LEVEL", "3"), ("DEBUG", "false")];
    for (name, value) in settings {
        // SAFETY: a build script has this one thread until it builds, so nobody reads the environment now.
        unsafe { env::set_var(name, value) };
    }
    let folder = |name| env::var_os(name).expect("libsodium is a dependency");
    let sodium = LibLocation::new(folder("DEP_SODIUM_LIB"), folder("DEP_SODIUM_INCLUDE"));
    zeromq_src::Build::new().with_libsodium(Some(sodium)).build();
}
