//! Where libzmq's sources are, and which of its programs are ours to run. Nothing of them is in this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::Result;

/// Programs that are no tests of the public interface on a common machine.
const EXCLUDED: &[&str] = &[
    "test_pair_vmci",              // needs VMware's headers
    "test_reqrep_vmci",            // the same
    "test_pair_tcp_cap_net_admin", // needs capabilities
];

/// The places that the run needs, as cargo knows them.
pub(crate) struct Source {
    /// libzmq's sources, inside the crate `zeromq-src`.
    pub(crate) vendor: PathBuf,
    /// Cargo's directory for what is built.
    pub(crate) target: PathBuf,
}

/// One test program of libzmq's suite.
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) limit: Duration,
    /// It uses a port that it has not asked the system for, so it runs alone.
    pub(crate) alone: bool,
}

impl Source {
    pub(crate) fn find() -> Result<Self> {
        let metadata = metadata(true).or_else(|_| metadata(false))?;
        let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
        let manifest = packages
            .iter()
            .find(|package| package["name"] == "zeromq-src")
            .and_then(|package| package["manifest_path"].as_str())
            .ok_or("the workspace does not depend on zeromq-src")?;
        let target =
            metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
        Ok(Self { vendor: Path::new(manifest).with_file_name("vendor"), target: target.into() })
    }

    /// All tests of the public interface, by name.
    pub(crate) fn tests(&self) -> Result<Vec<Test>> {
        let mut tests = Vec::new();
        for entry in fs::read_dir(self.vendor.join("tests"))? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".cpp")) else {
                continue;
            };
            if name.starts_with("test_") && !EXCLUDED.contains(&name) {
                let alone = has_fixed_port(&fs::read_to_string(&path)?);
                tests.push(Test { name: name.to_owned(), limit: limit(name), alone });
            }
        }
        tests.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tests)
    }
}

fn metadata(offline: bool) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if offline {
        command.arg("--offline");
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The limits of libzmq's own build, with room where a test spends most of its time waiting.
fn limit(name: &str) -> Duration {
    Duration::from_secs(match name {
        "test_heartbeats" | "test_security_curve" | "test_security_zap" => 60,
        // Five seconds for each of three clients that hears of its refusal before it sends, with either library.
        "test_filter_ipc" => 30,
        "test_radio_dish" | "test_reconnect_ivl" => 20,
        _ => 10,
    })
}

/// Whether a test names a port: by one of the names in testutil.hpp, or in an endpoint that it binds.
fn has_fixed_port(source: &str) -> bool {
    let named = (0..6).any(|number| source.contains(&format!("ENDPOINT_{number}")));
    named || source.contains("PORT_6") || source.contains(":55")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_ports_are_seen() {
        assert!(has_fixed_port("zmq_bind (s, ENDPOINT_3)"));
        assert!(has_fixed_port("\"tcp://127.0.0.1:5569\""));
        assert!(!has_fixed_port("char my_endpoint[MAX_SOCKET_STRING]; zmq_bind (s, \"tcp://127.0.0.1:*\")"));
    }
}
