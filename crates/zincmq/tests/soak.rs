//! Many random rounds: every pattern over every transport, all ways to send and to receive mixed, peers that
//! come and go. Each message tells who sent it and what it must be; what a pattern promises is checked.
//!
//! `ZINCMQ_SOAK` is the number of messages, `ZINCMQ_SEED` repeats a run.

mod common;

use bytes::Bytes;
use common::{PATIENCE, Random, block_on_for, fresh_ipc, fresh_tcp, until, within};
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread::scope;
use std::time::{Duration, Instant};
use zincmq::ability::{Receives, Sends, Typed};
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{
    Context, Dealer, Error, Message, Pair, Pull, Push, Rep, Req, Router, SendError, Socket, Sub, XPub, option,
};

/// A wait for what may never come is at most so long; one for what must come fails after `PATIENCE`.
const WAIT: Duration = Duration::from_millis(2);
/// After the senders of a round that may lose messages have gone, silence for so long ends it.
const SILENCE: Duration = Duration::from_millis(60);
const LARGEST: u64 = 200_000;

/// All bodies are pieces of this.
static NOISE: LazyLock<Bytes> = LazyLock::new(|| {
    let mut random = Random(1);
    (0..=LARGEST / 8 * 2).flat_map(|_| random.next().to_le_bytes()).collect::<Vec<_>>().into()
});

/// A sender: who, and which of its connections, so that messages of one origin are in order.
type Origin = u32;

fn origin(who: usize, epoch: u32) -> Origin {
    (who as u32) << 24 | epoch
}

fn noise(random: &mut Random) -> Bytes {
    let most = match random.below(1000) {
        0..900 => 100,
        900..985 => 4000,
        985..998 => 70_000,
        _ => LARGEST,
    };
    let len = random.below(most) as usize;
    let from = random.below(LARGEST) as usize;
    NOISE.slice(from..from + len)
}

/// The message of this number: topic, origin and number, then parts that follow from them.
fn compose(origin: Origin, number: u64) -> Message {
    let mut random = Random((u64::from(origin) << 32) ^ number.wrapping_mul(0x1234_5678_9abc_def1));
    let mut first = vec![b'a' + (number % 4) as u8];
    first.extend(origin.to_be_bytes());
    first.extend(number.to_be_bytes());
    first.extend_from_slice(&noise(&mut random));
    let mut message = Message::from(first);
    let more = if random.once_in(4) { random.below(12) } else { 0 };
    for _ in 0..more {
        let part = noise(&mut random);
        if random.once_in(2) { message.push(part) } else { message.push(part.to_vec()) }
    }
    message
}

/// Checks that the message is whole: who sent it, and its number.
fn read(message: &Message) -> (Origin, u64) {
    let head = message.bytes();
    let (Some(origin), Some(number)) = (head.get(1..5), head.get(5..13)) else {
        panic!("a message of {} parts without a head: {head:?}", message.len())
    };
    let origin = Origin::from_be_bytes(origin.try_into().unwrap());
    let number = u64::from_be_bytes(number.try_into().unwrap());
    assert!(*message == compose(origin, number), "message {number} of {origin:x} is mangled");
    (origin, number)
}

/// What one receiver got of each origin, in order.
#[derive(Default)]
struct Ledger(HashMap<Origin, Vec<u64>>);

impl Ledger {
    fn note(&mut self, message: &Message) -> (Origin, u64) {
        let (origin, number) = read(message);
        let numbers = self.0.entry(origin).or_default();
        if let Some(last) = numbers.last() {
            assert!(number > *last, "of {origin:x}: {number} after {last}");
        }
        numbers.push(number);
        (origin, number)
    }

    fn add(&mut self, other: Self) {
        for (origin, numbers) in other.0 {
            self.0.entry(origin).or_default().extend(numbers);
        }
    }

    /// Nothing came twice; where nothing may be lost, all that was sent is there.
    fn balance(mut self, sent: &[(Origin, u64)], complete: bool) {
        for &(origin, count) in sent {
            let mut numbers = self.0.remove(&origin).unwrap_or_default();
            numbers.sort_unstable();
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "doubled, of {origin:x}");
            assert!(numbers.last().is_none_or(|last| *last < count), "never sent, of {origin:x}");
            if complete {
                assert_eq!(numbers.len() as u64, count, "lost, of {origin:x}");
            }
        }
        assert!(self.0.is_empty(), "nobody sent {:?}", self.0);
    }
}

/// One thread's dice and what it needs to wait in every way.
struct Player {
    random: Random,
    poller: Poller,
    foreign: UnixStream,
    _far: UnixStream,
    spare: Message,
    mode: u64,
    turns: u64,
    /// What is waited for must come: waits are long, so that a lost wakeup shows.
    sure: bool,
}

impl Player {
    fn new(seed: u64) -> Self {
        let (foreign, far) = UnixStream::pair().unwrap();
        let (random, poller, spare) = (Random(seed), Poller::new(), Message::new());
        Self { random, poller, foreign, _far: far, spare, mode: 0, turns: 0, sure: false }
    }

    /// The way of the next call: the same for a while.
    fn mode(&mut self, count: u64) -> u64 {
        if self.turns == 0 {
            self.turns = 1 + self.random.below(20);
            self.mode = self.random.next();
        }
        self.turns -= 1;
        self.mode % count
    }

    fn moment(&mut self) -> Duration {
        if self.sure { PATIENCE } else { Duration::from_micros(self.random.below(2000)) }
    }

    fn wait(&self) -> Duration {
        if self.sure { PATIENCE } else { WAIT }
    }

    fn poll<K>(&mut self, socket: &mut Socket<K>, interest: Interest) {
        let foreign = Item::descriptor(Token(1), self.foreign.as_fd(), Interest::READABLE);
        let foreign = (self.random.below(2) == 1).then_some(foreign);
        let items = [Some(Item::socket(Token(0), socket, interest)), foreign];
        let wait = if self.sure { PATIENCE } else { WAIT };
        let found = self.poller.wait(items, Some(wait)).unwrap();
        assert!(!found.is_empty() || !self.sure, "the poller saw nothing");
    }

    /// Sends the first of the messages, or several, in some way; how many went.
    fn put<K: Sends>(&mut self, socket: &mut Socket<K>, messages: &[Message]) -> usize {
        let Some(first) = messages.first() else { return 0 };
        let wait = Some(self.wait());
        if socket.get(option::SNDTIMEO).unwrap() != wait {
            socket.set(option::SNDTIMEO, wait).unwrap();
        }
        let mode = self.mode(8);
        let result = match mode {
            0 => socket.send(first).map_err(Error::from),
            1 => socket.send(first.clone()).map_err(|failed| same(first, failed)),
            2 if first.len() == 1 => socket.send(first.bytes()).map_err(Error::from),
            2 | 3 => {
                let moment = self.moment();
                socket.send_timeout(first.clone(), moment).map_err(|failed| same(first, failed))
            }
            4 => socket.try_send(first.clone()).map_err(|failed| same(first, failed)),
            5 => {
                self.poll(socket, Interest::WRITABLE);
                socket.try_send(first).map_err(Error::from)
            }
            6 => match block_on_for(self.moment(), socket.send_async(first)) {
                Some(result) => result.map_err(Error::from),
                None => Err(Error::Timeout),
            },
            _ => {
                let count = match socket.send_batch(messages) {
                    Err(failed) => settled(Err(failed.error)).unwrap_or(failed.sent),
                    Ok(count) => count,
                };
                assert!(count > 0 || !self.sure, "no room in a batch");
                return count;
            }
        };
        let went = settled(result).is_some();
        assert!(went || !self.sure || mode == 4, "no room, way {mode}: {:?}", socket.stats());
        usize::from(went)
    }

    /// Receives in some way; adds what came.
    fn take<K: Receives>(&mut self, socket: &mut Socket<K>, into: &mut Vec<Message>) {
        let wait = Some(self.wait());
        if socket.get(option::RCVTIMEO).unwrap() != wait {
            socket.set(option::RCVTIMEO, wait).unwrap();
        }
        let mode = self.mode(9);
        let result = match mode {
            0 | 1 => socket.recv(),
            2 => {
                let moment = self.moment();
                socket.recv_timeout(moment)
            }
            3 => socket.recv_into(&mut self.spare).map(|()| self.spare.clone()),
            4 => {
                std::thread::yield_now();
                socket.try_recv()
            }
            5 => {
                self.poll(socket, Interest::READABLE);
                socket.try_recv()
            }
            6 => block_on_for(self.moment(), socket.recv_async()).unwrap_or(Err(Error::Timeout)),
            7 if !socket.can_recv() => return,
            7 => Ok(socket.try_recv().expect("it said that there is one")),
            _ => {
                let any = settled(socket.recv_batch(into, 50)).is_some();
                assert!(any || !self.sure, "no batch: {:?}", socket.stats());
                return;
            }
        };
        let message = settled(result);
        assert!(message.is_some() || !self.sure || mode == 4, "no message, way {mode}: {:?}", socket.stats());
        into.extend(message);
    }
}

/// The message comes back as it was.
fn same(message: &Message, failed: SendError<Message>) -> Error {
    assert!(failed.message == *message, "another message came back");
    failed.error
}

fn settled<T>(result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(Error::Again | Error::Timeout) => None,
        Err(error) => panic!("{error}"),
    }
}

/// One random arrangement of sockets.
struct Round {
    seed: u64,
    transport: &'static str,
    messages: u64,
    /// The side that receives breaks connections, too: messages may be lost.
    lossy: bool,
    hwm: usize,
    shared: Context,
}

impl Round {
    fn new(random: &mut Random) -> Self {
        Self {
            seed: random.next(),
            transport: ["tcp", "ipc", "inproc"][random.below(3) as usize],
            messages: 100 + random.below(4000),
            lossy: random.once_in(3),
            hwm: [0, 1, 3, 50, 1000][random.below(5) as usize],
            shared: Context::new(),
        }
    }

    fn player(&self, who: usize) -> Player {
        Player::new(self.seed ^ (who as u64 + 1) << 40)
    }

    fn endpoint(&self, at: usize) -> String {
        match self.transport {
            "tcp" => fresh_tcp(),
            "ipc" => fresh_ipc(),
            _ => format!("inproc://soak-{at}"),
        }
    }

    fn context(&self) -> Context {
        if self.transport == "inproc" { self.shared.clone() } else { Context::new() }
    }

    fn socket<K: Typed>(&self, context: &Context) -> Socket<K> {
        let mut socket = Socket::new(context).unwrap();
        socket.set(option::RCVTIMEO, WAIT).unwrap();
        socket.set(option::SNDTIMEO, WAIT).unwrap();
        socket.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
        socket.set(option::SNDHWM, self.hwm).unwrap();
        socket.set(option::RCVHWM, self.hwm).unwrap();
        if self.lossy {
            socket.set(option::LINGER, Duration::from_millis(50)).unwrap();
        }
        socket
    }
}

/// Binds as soon as the endpoint is free.
fn bind<K>(socket: &mut Socket<K>, endpoint: &str) {
    until(endpoint, || socket.bind(endpoint).is_ok());
}

/// What the threads of a round know of each other.
#[derive(Default)]
struct Score {
    sent: AtomicU64,
    received: AtomicU64,
    left: AtomicUsize,
}

/// PUSH and PULL: some of each, either side binds.
fn pipeline(round: &Round) {
    let mut random = Random(round.seed);
    let pushes_bind = random.once_in(2);
    let (pushers, pullers) = (1 + random.below(3) as usize, 1 + random.below(3) as usize);
    let binders = if pushes_bind { pushers } else { pullers };
    let endpoints: Vec<_> = (0..binders).map(|at| round.endpoint(at)).collect();
    let score = Score { left: pushers.into(), ..Score::default() };
    let (score, endpoints) = (&score, &endpoints[..]);
    let (sent, ledger) = scope(|scope| {
        let pushing: Vec<_> = (0..pushers)
            .map(|who| scope.spawn(move || push(round, who, endpoints, pushes_bind, score)))
            .collect();
        let pulling: Vec<_> = (0..pullers)
            .map(|who| scope.spawn(move || pull(round, who, endpoints, !pushes_bind, score)))
            .collect();
        let sent: Vec<_> = pushing.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let mut ledger = Ledger::default();
        pulling.into_iter().for_each(|thread| ledger.add(thread.join().unwrap()));
        (sent, ledger)
    });
    ledger.balance(&sent, !round.lossy);
}

/// Gives a socket its endpoints: the one it binds, or all to connect to.
fn arrange<K>(socket: &mut Socket<K>, who: usize, endpoints: &[String], binds: bool) {
    if binds {
        bind(socket, &endpoints[who]);
    } else {
        endpoints.iter().for_each(|endpoint| socket.connect(endpoint).unwrap());
    }
}

/// Takes one endpoint away and gives it back, or replaces the whole socket.
fn upset<K: Typed>(
    round: &Round,
    context: &Context,
    socket: &mut Socket<K>,
    random: &mut Random,
    (who, endpoints, binds): (usize, &[String], bool),
) {
    // Nobody comes back by itself to an inproc socket that was replaced.
    let replace = random.once_in(3) && !(binds && round.transport == "inproc");
    if replace {
        *socket = round.socket(context);
        arrange(socket, who, endpoints, binds);
    } else if binds {
        _ = socket.unbind(&endpoints[who]);
        bind(socket, &endpoints[who]);
    } else {
        let endpoint = &endpoints[random.below(endpoints.len() as u64) as usize];
        // Over inproc the peer that went has taken the connection with it.
        _ = socket.disconnect(endpoint);
        socket.connect(endpoint).unwrap();
    }
}

fn push(round: &Round, who: usize, endpoints: &[String], binds: bool, score: &Score) -> Vec<(Origin, u64)> {
    let context = round.context();
    let mut player = round.player(who);
    let mut socket: Push = round.socket(&context);
    arrange(&mut socket, who, endpoints, binds);
    let mut sent = vec![(origin(who, 0), 0)];
    let mut idle = 0;
    player.sure = !round.lossy;
    for left in (0..round.messages).rev() {
        let epoch = sent.len() as u32;
        let (origin_now, number) = sent.last_mut().unwrap();
        let batch: Vec<_> =
            (*number..).take(1 + left.min(7) as usize).map(|n| compose(*origin_now, n)).collect();
        let count = player.put(&mut socket, &batch) as u64;
        *number += count;
        score.sent.fetch_add(count, SeqCst);
        idle = if count == 0 { idle + 1 } else { 0 };
        if player.random.once_in(1000) || (round.lossy && idle > 20) {
            idle = 0;
            upset(round, &context, &mut socket, &mut player.random, (who, endpoints, binds));
            sent.push((origin(who, epoch), 0));
        }
    }
    score.left.fetch_sub(1, SeqCst);
    if binds && !round.lossy {
        // A binder that goes takes along what nobody has fetched: nothing, but the peers still look for it.
        until("all is received", || score.received.load(SeqCst) == score.sent.load(SeqCst));
    }
    sent
}

fn pull(round: &Round, who: usize, endpoints: &[String], binds: bool, score: &Score) -> Ledger {
    let context = round.context();
    let mut player = round.player(100 + who);
    let mut socket: Pull = round.socket(&context);
    arrange(&mut socket, who, endpoints, binds);
    let mut ledger = Ledger::default();
    let mut messages = Vec::new();
    let mut heard = Instant::now();
    loop {
        player.take(&mut socket, &mut messages);
        if !messages.is_empty() {
            heard = Instant::now();
        }
        score.received.fetch_add(messages.len() as u64, SeqCst);
        messages.drain(..).for_each(|message| _ = ledger.note(&message));
        if score.left.load(SeqCst) == 0 {
            let all = score.received.load(SeqCst) == score.sent.load(SeqCst);
            if all || (round.lossy && heard.elapsed() > SILENCE) {
                return ledger;
            }
        } else if round.lossy && player.random.once_in(800) {
            upset(round, &context, &mut socket, &mut player.random, (who, endpoints, binds));
        }
    }
}

/// DEALERs ask a ROUTER, many questions at a time; it echoes.
fn route(round: &Round) {
    let endpoint = round.endpoint(0);
    let dealers = 1 + Random(round.seed).below(4) as usize;
    let left = AtomicUsize::new(dealers);
    let (left, endpoint) = (&left, &endpoint[..]);
    let hwm = 1000;
    scope(|scope| {
        scope.spawn(move || {
            let mut player = round.player(100);
            let mut router: Router = round.socket(&round.context());
            router.set(option::SNDHWM, hwm).unwrap();
            router.bind(endpoint).unwrap();
            let (mut ledger, mut messages) = (Ledger::default(), Vec::new());
            while left.load(SeqCst) > 0 {
                player.take(&mut router, &mut messages);
                for echo in messages.drain(..) {
                    let mut question = echo.clone();
                    question.pop_front().unwrap();
                    ledger.note(&question);
                    until("the router sends", || player.put(&mut router, std::slice::from_ref(&echo)) == 1);
                }
            }
        });
        for who in 0..dealers {
            scope.spawn(move || {
                deal(round, who, endpoint, hwm);
                left.fetch_sub(1, SeqCst);
            });
        }
    });
}

fn deal(round: &Round, who: usize, endpoint: &str, hwm: usize) {
    let context = round.context();
    let mut player = round.player(who);
    let mut epoch = 0;
    let mut dealer = None;
    let window = 1 + player.random.below(100);
    let (mut asked, mut answered) = (0, 0);
    let mut messages = Vec::new();
    let mut total = 0;
    while total < round.messages {
        let socket: &mut Dealer = dealer.get_or_insert_with(|| {
            let mut fresh = round.socket(&context);
            Dealer::set(&mut fresh, option::RCVHWM, hwm).unwrap();
            fresh.connect(endpoint).unwrap();
            fresh
        });
        let burst = player.random.below(window + 1 - (asked - answered).min(window));
        let batch: Vec<_> =
            (asked..asked + burst).map(|number| compose(origin(who, epoch), number)).collect();
        asked += player.put(socket, &batch) as u64;
        if asked > answered {
            player.sure = true;
            player.take(socket, &mut messages);
            player.sure = false;
        }
        for answer in messages.drain(..) {
            assert_eq!(read(&answer), (origin(who, epoch), answered), "the answer");
            answered += 1;
            total += 1;
        }
        if player.random.once_in(500) {
            (asked, answered) = (0, 0);
            epoch += 1;
            if player.random.once_in(2) {
                dealer = None;
            } else {
                socket.disconnect(endpoint).unwrap();
                socket.connect(endpoint).unwrap();
            }
        }
    }
}

/// REQs ask a REP in turns.
fn request(round: &Round) {
    let endpoint = round.endpoint(0);
    let askers = 1 + Random(round.seed).below(3) as usize;
    let left = AtomicUsize::new(askers);
    let (left, endpoint) = (&left, &endpoint[..]);
    scope(|scope| {
        scope.spawn(move || {
            let mut player = round.player(100);
            let mut rep: Rep = round.socket(&round.context());
            rep.bind(endpoint).unwrap();
            let (mut ledger, mut messages) = (Ledger::default(), Vec::new());
            while left.load(SeqCst) > 0 {
                // A batch would end at the first: answers come between.
                rep_take(&mut player, &mut rep, &mut messages);
                for question in messages.drain(..) {
                    ledger.note(&question);
                    until("the answer goes", || player.put(&mut rep, std::slice::from_ref(&question)) == 1);
                }
            }
        });
        for who in 0..askers {
            scope.spawn(move || {
                ask(round, who, endpoint);
                left.fetch_sub(1, SeqCst);
            });
        }
    });
}

fn rep_take(player: &mut Player, rep: &mut Rep, messages: &mut Vec<Message>) {
    player.take(rep, messages);
    assert!(messages.len() < 2, "a question before the answer");
}

fn ask(round: &Round, who: usize, endpoint: &str) {
    let context = round.context();
    let mut player = round.player(who);
    let mut req = None;
    player.sure = true;
    let mut epoch = 0;
    let mut messages = Vec::new();
    for number in 0..round.messages / 4 {
        let socket: &mut Req = req.get_or_insert_with(|| {
            epoch += 1;
            let mut fresh = round.socket(&context);
            Req::connect(&mut fresh, endpoint).unwrap();
            fresh
        });
        let question = [compose(origin(who, epoch), number)];
        until("the question goes", || player.put(socket, &question) == 1);
        if player.random.once_in(500) {
            req = None;
            continue;
        }
        until("the answer comes", || {
            player.take(socket, &mut messages);
            !messages.is_empty()
        });
        assert_eq!(messages.len(), 1);
        assert!(messages[0] == question[0], "another answer");
        messages.clear();
        if player.random.once_in(500) {
            req = None;
        }
    }
}

/// Two PAIRs talk at once.
fn converse(round: &Round) {
    let endpoint = &round.endpoint(0)[..];
    let (done, gone) = (&AtomicUsize::new(0), &[AtomicU64::new(0), AtomicU64::new(0)]);
    scope(|scope| {
        for who in 0..2_usize {
            scope.spawn(move || {
                let mut player = round.player(who);
                let mut pair: Pair = round.socket(&round.context());
                arrange(&mut pair, 0, &[endpoint.to_owned()], who == 0);
                let (mut sent, mut received, mut messages) = (0, 0, Vec::new());
                while sent < round.messages || received < round.messages {
                    let most = (round.messages - sent).min(player.random.below(20));
                    let batch: Vec<_> = (sent..sent + most).map(|n| compose(origin(who, 0), n)).collect();
                    sent += player.put(&mut pair, &batch) as u64;
                    gone[who].store(sent, SeqCst);
                    player.sure = gone[1 - who].load(SeqCst) > received;
                    if player.sure || player.random.once_in(4) {
                        player.take(&mut pair, &mut messages);
                    }
                    player.sure = false;
                    for message in messages.drain(..) {
                        assert_eq!(read(&message), (origin(1 - who, 0), received));
                        received += 1;
                    }
                }
                // Whoever goes first takes the connection along.
                done.fetch_add(1, SeqCst);
                until("both are done", || done.load(SeqCst) == 2);
            });
        }
    });
}

/// One publisher, subscribers to some of its four topics. Without losses it waits for them.
fn publish(round: &Round) {
    let endpoint = &round.endpoint(0)[..];
    let subscribers = 1 + Random(round.seed).below(3) as usize;
    let left = &AtomicUsize::new(subscribers);
    scope(|scope| {
        scope.spawn(move || {
            let mut player = round.player(100);
            let mut publisher: XPub = round.socket(&round.context());
            publisher.set(option::XPUB_NODROP, !round.lossy).unwrap();
            publisher.set(option::XPUB_VERBOSE, true).unwrap();
            publisher.bind(endpoint).unwrap();
            (0..2 * subscribers).for_each(|_| _ = publisher.recv_timeout(PATIENCE).unwrap());
            let mut number = 0;
            while number < round.messages {
                let batch: Vec<_> = (number..).take(8).map(|n| compose(origin(0, 0), n)).collect();
                number += player.put(&mut publisher, &batch) as u64;
                _ = publisher.try_recv();
            }
            until("all have heard the end", || {
                _ = publisher.try_send("z");
                _ = publisher.try_recv();
                left.load(SeqCst) == 0
            });
        });
        for who in 0..subscribers {
            scope.spawn(move || {
                follow(round, who, endpoint);
                left.fetch_sub(1, SeqCst);
            });
        }
    });
}

fn follow(round: &Round, who: usize, endpoint: &str) {
    let context = round.context();
    let mut player = round.player(who);
    let topic = [&b""[..], b"a", b"b", b"c"][player.random.below(4) as usize];
    let mut sub: Sub = round.socket(&context);
    sub.subscribe(topic).unwrap();
    sub.subscribe("z").unwrap();
    sub.connect(endpoint).unwrap();
    let (mut ledger, mut messages) = (Ledger::default(), Vec::new());
    let mut heard = Vec::new();
    player.sure = true;
    let mut ended = false;
    while !ended {
        player.take(&mut sub, &mut messages);
        for message in messages.drain(..) {
            if message.bytes() == b"z" {
                ended = true;
                continue;
            }
            assert!(message.bytes().starts_with(topic), "not subscribed to");
            heard.push(ledger.note(&message).1);
        }
        if round.lossy && player.random.once_in(500) {
            sub.disconnect(endpoint).unwrap();
            sub.connect(endpoint).unwrap();
        }
    }
    if !round.lossy {
        let wanted = |number: &u64| topic.is_empty() || b'a' + (number % 4) as u8 == topic[0];
        let published = *heard.last().unwrap() + 1;
        assert!(heard.iter().copied().eq((0..published).filter(wanted)), "missed something");
        assert!(published + 4 > round.messages, "missed the last: {published} of {}", round.messages);
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect(name))
}

#[test]
fn whatever_happens_messages_arrive_whole_once_and_in_order() {
    let total = variable("ZINCMQ_SOAK").unwrap_or(200_000);
    let seed = variable("ZINCMQ_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("ZINCMQ_SEED={seed}");
    let mut random = Random(seed);
    let mut messages = 0;
    while messages < total {
        let round = Round::new(&mut random);
        messages += round.messages;
        let kind = random.below(6);
        let (name, play): (_, fn(&Round)) = match kind {
            0 | 1 => ("pipeline", pipeline),
            2 => ("route", route),
            3 => ("request", request),
            4 => ("converse", converse),
            _ => ("publish", publish),
        };
        let begin = Instant::now();
        print!(
            "{name} over {}, {} messages, lossy {}, {}: ",
            round.transport, round.messages, round.lossy, round.hwm
        );
        within(2 * PATIENCE, move || {
            play(&round);
            round.shared.term();
        });
        eprintln!("{:?}", begin.elapsed());
    }
}
