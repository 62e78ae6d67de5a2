//! `zinc`: ZeroMQ at the shell. Lines in, messages out, and back; proxies; a look at what runs; measurements.

#![forbid(unsafe_code)]

mod bench;
mod cli;
mod converse;
mod demo;
mod doctor;
mod dump;
mod failure;
mod input;
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
mod send;
mod session;
mod text;
mod top;
mod wire;

use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Zinc::parse().run() {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(failure @ Failure::Told) => ExitCode::from(failure.code()),
        Err(failure) => {
            eprintln!("zinc: {failure}");
            if let Some(advice) = failure.advice() {
                eprintln!("      {advice}");
            }
            ExitCode::from(failure.code())
        }
    }
}
