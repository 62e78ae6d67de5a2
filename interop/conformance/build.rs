//! Tells the program where libsodium is, which `libsodium-sys-stable` builds from its sources: the one test of CURVE that is
//! made of libzmq's own parts needs it.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["DEP_SODIUM_INCLUDE", "DEP_SODIUM_LIB"] {
        println!("cargo:rustc-env={name}={}", env::var(name).expect("libsodium is a dependency"));
    }
}
