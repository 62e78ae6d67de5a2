//! `zinc`: ZeroMQ at the shell. Lines in, messages out, and back; proxies; measurements; a demonstration.

#![forbid(unsafe_code)]

mod bench;
mod converse;
mod demo;
mod failure;
mod input;
mod output;
mod place;
mod proxy;
mod receive;
mod report;
mod request;
mod send;
mod session;
mod text;

use clap::{Parser, Subcommand};
use failure::Failure;
use std::process::ExitCode;
use zincmq::SocketType;

/// ZeroMQ at the shell: send, receive, route and measure.
///
/// Lines of the standard input become messages, and messages become lines of the standard output. An endpoint
/// is connected to, or bound with --bind; `@` before an endpoint always binds it, `>` always connects.
///
/// Exit codes: 0 success, also when interrupted; 1 failure; 2 wrong usage; 124 the time was over.
#[derive(Parser)]
#[command(version, max_term_width = 110, arg_required_else_help = true)]
struct Zinc {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Hand out each line to one of the pullers
    Push(send::Push),
    /// Print what is pushed
    Pull(receive::Pull),
    /// Publish each line to all subscribers
    Pub(send::Publish),
    /// Print what is published
    Sub(receive::Subscribe),
    /// Send each line as a request and print its reply
    Req(request::Ask),
    /// Print each request and answer it
    Rep(request::Answer),
    /// Talk with one peer, both ways
    Pair(converse::Converse),
    /// Talk with several peers in turn, both ways
    Dealer(converse::Converse),
    /// Talk with peers by name: the first part is the routing id (see --multipart and --hex)
    Router(converse::Converse),
    /// Publish each line and print the subscriptions (byte 1 or 0, then the topic)
    Xpub(converse::Converse),
    /// Print what is published, and send each line up as it is
    Xsub(converse::Upstream),
    /// Pass messages between two endpoints until interrupted
    Proxy(proxy::Proxy),
    /// Measure this library on this machine
    Bench(bench::Bench),
    /// Run a request-reply broker over tcp with several clients and workers, and count
    Demo(demo::Demo),
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Push(command) => command.run(),
            Self::Pull(command) => command.run(),
            Self::Pub(command) => command.run(),
            Self::Sub(command) => command.run(),
            Self::Req(command) => command.run(),
            Self::Rep(command) => command.run(),
            Self::Pair(command) => command.run(SocketType::Pair),
            Self::Dealer(command) => command.run(SocketType::Dealer),
            Self::Router(command) => command.run(SocketType::Router),
            Self::Xpub(command) => command.run(SocketType::XPub),
            Self::Xsub(command) => command.run(),
            Self::Proxy(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Demo(command) => command.run(),
        }
    }
}

fn main() -> ExitCode {
    match Zinc::parse().command.run() {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("zinc: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
