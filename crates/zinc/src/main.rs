//! `zinc`: ZeroMQ at the shell. Lines in, messages out, and back; proxies; a look at what runs; measurements.

#![forbid(unsafe_code)]

/// A line for the user on the standard error. Unlike `eprintln`, it does not mind that nobody is there any more, and
/// nothing in it steers a terminal.
macro_rules! note {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let text = crate::text::visible(format!($($text)*).as_bytes());
        _ = writeln!(std::io::stderr(), "{text}");
    }};
}

mod auth;
mod bench;
mod cli;
mod converse;
mod demo;
mod doctor;
mod dump;
mod failure;
mod input;
mod keygen;
mod manual;
mod monitor;
mod output;
mod pace;
mod place;
mod progress;
mod proxy;
mod receive;
mod report;
mod request;
mod security;
mod send;
mod session;
mod text;
mod top;
mod wire;

use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    show_warnings();
    match cli::Zinc::parse().run() {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(failure @ Failure::Told) => ExitCode::from(failure.code()),
        Err(failure) => {
            note!("zinc: {failure}");
            if let Some(advice) = failure.advice() {
                note!("      {advice}");
            }
            ExitCode::from(failure.code())
        }
    }
}

/// The library's warnings go where the command's own notes go.
fn show_warnings() {
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr);
    log.without_time().with_target(false).with_ansi(false).init();
}
