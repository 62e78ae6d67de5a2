//! `zinc auth`: a proxy that judges who comes in.

use crate::failure::Failure;
use crate::proxy;
use clap::Args;
use std::path::PathBuf;

/// Run a proxy that lets in only those that its file allows, and tell of each decision
///
/// The file is that of zinc proxy, with rules besides. Each socket belongs to a domain: that of its own name (front, back,
/// capture, control), or of the name in its security. A peer has to pass the rules of the domain: its address, and then
/// its user name and password (PLAIN) or its key (CURVE). The certificates and the users are read again when they change.
///
/// Each decision is a line on the standard error, with its reason.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Auth {
    /// The file: kind, front and back as for zinc proxy --config, security and domains
    #[arg(value_name = "FILE")]
    config: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  zinc keygen broker && zinc keygen alice && mkdir friends && cp alice.key friends
  zinc auth auth.toml
  zinc req tcp://broker:5559 --curve-server-key broker.key --curve-key alice.key_secret -m hello
  zinc keygen --password bob >> users                     # a line for users

auth.toml (paths count from this file):
  kind = \"queue\"
  front = [\"tcp://*:5559\"]
  back = [\"tcp://*:5560\"]
  [security.front]
  curve-server = \"broker.key_secret\"      # the proxy's own key
  [security.back]
  plain-server = true
  domain = \"workers\"                      # otherwise back
  [domains.front]
  allow = [\"192.0.2.0/24\", \"127.0.0.1\"]   # otherwise all addresses
  deny = [\"192.0.2.13\"]
  certificates = \"friends\"                # or any-key = true
  [domains.workers]
  users = \"users\"";

impl Auth {
    pub(crate) fn run(self) -> Result<(), Failure> {
        proxy::run_judged(&self.config)
    }
}
