//! The command line: every command, and what it is for.

use crate::failure::Failure;
use crate::{
    auth, bench, converse, demo, doctor, dump, keygen, manual, monitor, proxy, receive, request, send, top,
};
use clap::{CommandFactory, Parser, Subcommand};
use zincmq::SocketType;

/// ZeroMQ at the shell: send, receive, route, watch and measure.
///
/// Lines of the standard input become messages, and messages become lines of the standard output. An endpoint
/// is connected to, or bound with --bind; `@` before an endpoint always binds it, `>` always connects.
///
/// Exit codes: 0 success, also when interrupted; 1 failure; 2 wrong usage; 124 the time was over.
#[derive(Parser)]
#[command(name = "zinc", version, max_term_width = 110, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Zinc {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  zinc pull @tcp://*:5557                                 print what is pushed
  seq 10 | zinc push tcp://localhost:5557                 push ten lines
  zinc pull @tcp://*:5557 --raw --eof > copy              receive a file (one receiver, from beginning to end) ...
  zinc push tcp://host:5557 --raw --eof --file original   ... that is sent here
  zinc sub tcp://localhost:5556 --subscribe weather --json | jq -c .parts
  zinc req tcp://localhost:5555 -m hello --timeout 2 --retries 3
  zinc doctor tcp://localhost:5555                        who is there, or why nobody is

Each command has its own: zinc COMMAND --help";

#[derive(Subcommand)]
enum Command {
    /// Hand out each message to one of the pullers
    ///
    /// With --raw and --eof, a file for one puller: that its pieces have gone over more than one connection, to several
    /// pullers or to one that came in place of another, is a failure, since none may have them all.
    #[command(after_help = "\
Examples:
  seq 10 | zinc push tcp://localhost:5557
  zinc push @tcp://*:5557 --file jobs.txt --rate 100
  zinc push tcp://host:5557 --raw --eof --file disk.img
  zinc push tcp://localhost:5557 -m ping --count 1000")]
    Push(send::Push),
    /// Print what is pushed
    ///
    /// A file (--raw --eof) is whole only with one puller, which is there from its beginning to its end. The pusher
    /// knows, and its exit code says so.
    #[command(after_help = "\
Examples:
  zinc pull @tcp://*:5557
  zinc pull @tcp://*:5557 --raw --eof > disk.img
  zinc pull tcp://localhost:5557 --count 1 --timeout 5 --json")]
    Pull(receive::Pull),
    /// Publish each message to all subscribers
    ///
    /// Over multicast (epgm, pgm) everybody in the group gets everything, and nobody tells of subscriptions.
    #[command(after_help = "\
Examples:
  tail -f log | zinc pub @tcp://*:5556 --topic log
  zinc pub @tcp://*:5556 --multipart ' ' --subscriptions 1 -m 'weather rain'
  tail -f log | zinc pub 'epgm://eth0;239.192.1.1:5555' --option rate=10000   # multicast: kbit/s, 100 without")]
    Pub(send::Publish),
    /// Print what is published
    #[command(after_help = "\
Examples:
  zinc sub tcp://localhost:5556 --subscribe weather --subscribe news
  zinc sub tcp://localhost:5556 --json | jq -c .parts
  zinc sub 'epgm://eth0;239.192.1.1:5555' --option rate=10000   # multicast: as at the publisher")]
    Sub(receive::Subscribe),
    /// Send each message as a request and print its reply
    #[command(after_help = "\
Examples:
  zinc req tcp://localhost:5555 -m hello
  zinc req tcp://localhost:5555 --file questions --timeout 2 --retries 3")]
    Req(request::Ask),
    /// Print each request and answer it
    #[command(after_help = "\
Examples:
  zinc rep @tcp://*:5555
  zinc rep @tcp://*:5555 --reply pong --count 1")]
    Rep(request::Answer),
    /// Talk with one peer, both ways
    ///
    /// Ends when the input has ended and --count messages have come; without --count, only with --timeout, --eof or
    /// an interrupt.
    #[command(after_help = "\
Examples:
  zinc pair @tcp://*:5558
  zinc pair tcp://localhost:5558")]
    Pair(converse::Converse),
    /// Talk with several peers in turn, both ways
    ///
    /// Ends when the input has ended and --count messages have come; without --count, only with --timeout, --eof or
    /// an interrupt.
    #[command(after_help = "\
Examples:
  zinc dealer tcp://localhost:5555 --envelope -m hello --count 1     # to a REP
  zinc dealer tcp://localhost:5559 --routing-id bob                  # to a ROUTER")]
    Dealer(converse::Addressed),
    /// Talk with peers by name: the first part is the routing id
    ///
    /// A routing id that is no plain text, or has the separator in it, is printed as \x and hexadecimal digits, such
    /// as \x00ffca622e, and read in this form too.
    ///
    /// Ends when the input has ended and --count messages have come; without --count, only with --timeout, --eof or
    /// an interrupt.
    #[command(after_help = "\
Examples:
  zinc router @tcp://*:5559 --json
  zinc router @tcp://*:5559 --multipart '|'       # bob|hello goes to bob
  zinc router @tcp://*:5559 --to bob --envelope   # every line goes to the REQ called bob
  echo '\x00ffca622e|hello' | zinc router @tcp://*:5559 --multipart '|'")]
    Router(converse::Route),
    /// Publish each message and print the subscriptions (byte 1 or 0, then the topic)
    ///
    /// Ends when the input has ended and --count messages have come; without --count, only with --timeout, --eof or
    /// an interrupt.
    #[command(after_help = "Example:\n  zinc xpub @tcp://*:5556 --hex")]
    Xpub(converse::Converse),
    /// Print what is published, and send each message up as it is
    ///
    /// Ends when the input has ended and --count messages have come; without --count, only with --timeout, --eof or
    /// an interrupt.
    #[command(after_help = "Example:\n  zinc xsub tcp://localhost:5556 --subscribe news")]
    Xsub(converse::Upstream),
    /// Talk to plain TCP peers: the first part is the connection's id
    ///
    /// The id is printed and read as \x and hexadecimal digits, such as \x00ffca622e.
    ///
    /// Ends when the input has ended and --count messages have come; without --count, only with --timeout, --eof or
    /// an interrupt.
    #[command(after_help = "\
Example:
  zinc stream @tcp://*:8080 --json     # an empty body tells of a new connection, or closes one")]
    Stream(converse::Converse),
    Proxy(proxy::Proxy),
    Auth(auth::Auth),
    Top(top::Top),
    Monitor(monitor::Watch),
    Dump(dump::Dump),
    Doctor(doctor::Doctor),
    Bench(bench::Bench),
    Demo(demo::Demo),
    Keygen(keygen::Keygen),
    Man(manual::Manual),
    Completions(manual::Completions),
}

impl Zinc {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Push(command) => command.run(),
            Command::Pull(command) => command.run(),
            Command::Pub(command) => command.run(),
            Command::Sub(command) => command.run(),
            Command::Req(command) => command.run(),
            Command::Rep(command) => command.run(),
            Command::Pair(command) => command.run(SocketType::Pair),
            Command::Dealer(command) => command.run(SocketType::Dealer),
            Command::Router(command) => command.run(),
            Command::Xpub(command) => command.run(SocketType::XPub),
            Command::Xsub(command) => command.run(),
            Command::Stream(command) => command.run(SocketType::Stream),
            Command::Proxy(command) => command.run(),
            Command::Auth(command) => command.run(),
            Command::Top(command) => command.run(),
            Command::Monitor(command) => command.run(),
            Command::Dump(command) => command.run(),
            Command::Doctor(command) => command.run(),
            Command::Bench(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Keygen(command) => command.run(),
            Command::Man(command) => command.run(Self::command()),
            Command::Completions(command) => command.run(Self::command()),
        }
    }
}
