//! Builds libzmq 4.3.5 from the sources in `zeromq-src`: needs a C++ compiler and nothing of the system's.

use std::env;

/// What libzmq's own configure step finds on Linux. `zeromq-src` runs none and leaves these out; without
/// them the library would wake its threads over a socketpair instead of an eventfd, read coarser clocks and
/// lack options that the distributions' builds have.
const LINUX: &[&str] = &[
    "HAVE_ACCEPT4",
    "HAVE_CLOCK_GETTIME",
    "HAVE_FORK",
    "HAVE_IF_NAMETOINDEX",
    "HAVE_MKDTEMP",
    "HAVE_POSIX_MEMALIGN=1",
    "ZMQ_CACHELINE_SIZE=64",
    "ZMQ_HAVE_BUSY_POLL",
    "ZMQ_HAVE_EVENTFD",
    "ZMQ_HAVE_EVENTFD_CLOEXEC",
    "ZMQ_HAVE_IFADDRS",
    "ZMQ_HAVE_NOEXCEPT",
    "ZMQ_HAVE_O_CLOEXEC",
    "ZMQ_HAVE_PPOLL",
    "ZMQ_HAVE_PTHREAD_SETNAME_2",
    "ZMQ_HAVE_PTHREAD_SET_AFFINITY",
    "ZMQ_HAVE_SOCK_CLOEXEC",
    "ZMQ_HAVE_SO_BINDTODEVICE",
    "ZMQ_HAVE_SO_KEEPALIVE",
    "ZMQ_HAVE_SO_PEERCRED",
    "ZMQ_HAVE_SO_PRIORITY",
    "ZMQ_HAVE_TCP_KEEPCNT",
    "ZMQ_HAVE_TCP_KEEPIDLE",
    "ZMQ_HAVE_TCP_KEEPINTVL",
    "ZMQ_IOTHREAD_POLLER_USE_EPOLL_CLOEXEC",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let mut flags = env::var("CXXFLAGS").unwrap_or_default();
    flags.push_str(" -DNDEBUG -w");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        for name in LINUX {
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
    zeromq_src::Build::new().build();
}
