//! The log: what a subscriber of the crate `tracing` is told. It serves the whole process, so each test looks for the
//! events of its own endpoints.

mod common;

use common::{PATIENCE, fresh_ipc, fresh_tcp, raw_peer, until, within};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, LazyLock, Mutex};
use std::thread::spawn;
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use zincmq::{Context, Pub, Pull, Push, Rep, Sub, option};

/// An event, or the beginning or end of a span: its text, with fields, is what a line of a log would be.
#[derive(Clone, Debug)]
struct Said {
    level: Level,
    target: String,
    text: String,
    fields: HashMap<&'static str, String>,
    /// The span that it came within.
    within: Option<&'static str>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.text = value.to_owned(),
            name => drop(self.fields.insert(name, value.to_owned())),
        }
    }
}

/// Keeps everything.
#[derive(Default)]
struct Log {
    said: Mutex<Vec<Said>>,
    news: Condvar,
    spans: Mutex<HashMap<u64, (&'static str, Said)>>,
    next: AtomicU64,
}

thread_local! {
    /// The spans that this thread is within.
    static WITHIN: std::cell::RefCell<Vec<u64>> = const { std::cell::RefCell::new(Vec::new()) };
}

static LOG: LazyLock<&'static Log> = LazyLock::new(|| {
    let log: &'static Log = Box::leak(Box::default());
    tracing::subscriber::set_global_default(Collector(log)).unwrap();
    log
});

struct Collector(&'static Log);

impl Log {
    fn add(&self, said: Said) {
        self.said.lock().unwrap().push(said);
        self.news.notify_all();
    }

    /// Waits for an event of this text, one of whose fields is `value`.
    fn await_event(&self, text: &str, value: &str) -> Said {
        let is = |said: &Said| said.text.contains(text) && said.fields.values().any(|field| field == value);
        let said = self.said.lock().unwrap();
        let (said, _) = self.news.wait_timeout_while(said, PATIENCE, |said| !said.iter().any(is)).unwrap();
        said.iter()
            .find(|said| is(said))
            .unwrap_or_else(|| panic!("no {text:?} of {value}: {said:#?}"))
            .clone()
    }

    /// The texts of the events so far that have this endpoint.
    fn texts(&self, endpoint: &str) -> Vec<String> {
        let said = self.said.lock().unwrap();
        let own = said.iter().filter(|said| said.fields.get("endpoint").is_some_and(|name| name == endpoint));
        own.map(|said| said.text.clone()).collect()
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("zincmq::")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let metadata = attributes.metadata();
        let mut said = Said::of(metadata);
        attributes.record(&mut said);
        let id = self.0.next.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.spans.lock().unwrap().insert(id, (metadata.name(), said));
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::of(event.metadata());
        event.record(&mut said);
        let within = WITHIN.with_borrow(|spans| spans.last().copied());
        said.within = within.and_then(|id| Some(self.0.spans.lock().unwrap().get(&id)?.0));
        self.0.add(said);
    }

    fn enter(&self, span: &Id) {
        WITHIN.with_borrow_mut(|spans| spans.push(span.into_u64()));
    }

    fn exit(&self, _: &Id) {
        WITHIN.with_borrow_mut(|spans| _ = spans.pop());
    }

    fn clone_span(&self, id: &Id) -> Id {
        id.clone()
    }

    /// No span is cloned here, so this is its end.
    fn try_close(&self, id: Id) -> bool {
        if let Some((name, said)) = self.0.spans.lock().unwrap().remove(&id.into_u64()) {
            self.0.add(Said { text: format!("end of {name}"), ..said });
        }
        true
    }
}

impl Said {
    fn of(metadata: &Metadata<'_>) -> Self {
        let (level, target) = (*metadata.level(), metadata.target().to_owned());
        Self { level, target, text: String::new(), fields: HashMap::new(), within: None }
    }

    /// Its level and its target, and these of its fields.
    fn parts<'a>(&'a self, fields: &[&str]) -> (Level, &'a str, Vec<&'a str>) {
        let values = fields.iter().map(|field| &*self.fields[*field]).collect();
        (self.level, self.target.strip_prefix("zincmq::").unwrap(), values)
    }
}

#[test]
fn the_life_of_a_connection_is_told() {
    within(PATIENCE, || {
        let log = *LOG;
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        let bound = push.bind("tcp://127.0.0.1:*").unwrap();
        let peer = raw_peer(&bound, "PULL");
        let address = peer.local_addr().unwrap().ip().to_string();
        let there = log.await_event("the peer is there", &bound);
        let expected = (Level::INFO, "connection", vec!["PUSH", &bound, &address, "PULL"]);
        assert_eq!(there.parts(&["socket", "endpoint", "peer", "peer_type"]), expected);
        assert_eq!(there.within, Some("handshake"));
        drop(peer);
        let lost = log.await_event("lost", &bound);
        let expected = (Level::INFO, "connection", vec![&*address, "closed by the peer"]);
        assert_eq!(lost.parts(&["peer", "reason"]), expected);
        push.unbind(&bound).unwrap();
        let texts =
            ["bound", "accepted", "the peer is there", "end of handshake", "lost", "lets go of an endpoint"];
        assert_eq!(log.texts(&bound), texts);
    });
}

#[test]
fn attempts_to_connect_are_told_with_their_reasons() {
    within(PATIENCE, || {
        let (log, endpoint) = (*LOG, fresh_tcp());
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
        push.connect(&endpoint).unwrap();
        let refused = log.await_event("cannot connect", &endpoint);
        assert!(refused.fields["reason"].contains("refused"), "{refused:?}");
        assert_eq!(refused.level, Level::DEBUG);
        log.await_event("connects again", &endpoint);
        // A socket of a type that it does not talk to.
        let mut rep = Rep::new(&context).unwrap();
        rep.bind(&endpoint).unwrap();
        let failed = log.await_event("the handshake failed", &endpoint);
        let (level, target, reason) = failed.parts(&["reason"]);
        assert_eq!((level, target, failed.within), (Level::INFO, "connection", Some("handshake")));
        assert!(reason[0].contains("does not talk to"), "{failed:?}");
    });
}

#[test]
fn a_name_without_an_address_is_told() {
    within(3 * PATIENCE, || {
        let (log, endpoint) = (*LOG, "tcp://nobody.invalid:5555");
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.connect(endpoint).unwrap();
        let unknown = log.await_event("no address", endpoint);
        let (level, target, _) = unknown.parts(&["reason"]);
        assert_eq!((level, target), (Level::INFO, "lookup"));
        log.await_event("end of lookup", "nobody.invalid:5555");
    });
}

/// The first, and each time that their number has doubled.
#[test]
fn drops_are_told_now_and_then() {
    within(PATIENCE, || {
        let log = *LOG;
        let context = Context::new();
        let mut publisher = Pub::new(&context).unwrap();
        publisher.set(option::SNDHWM, 1).unwrap();
        let mut sub = Sub::new(&context).unwrap();
        sub.set(option::RCVHWM, 1).unwrap();
        sub.subscribe("").unwrap();
        sub.connect(publisher.bind("inproc://drops").unwrap()).unwrap();
        until("the subscription is there", || publisher.topics().unwrap() == 1);
        (0..1002).for_each(|_| publisher.send("x").unwrap());
        assert_eq!(publisher.stats().dropped_full, 1000);
        let said = log.said.lock().unwrap();
        let full = said.iter().filter(|said| said.text == "messages for a full peer are lost");
        let full =
            full.inspect(|said| assert_eq!(said.parts(&["socket"]), (Level::INFO, "drop", vec!["PUB"])));
        let counts: Vec<_> = full.map(|said| said.fields["messages"].clone()).collect();
        assert_eq!(counts, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map(|count| count.to_string()));
    });
}

#[test]
fn an_end_that_takes_long_is_told() {
    within(PATIENCE, || {
        for endpoint in [fresh_ipc(), fresh_tcp()] {
            let (log, context) = (*LOG, Context::new());
            let mut push = Push::new(&context).unwrap();
            push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
            push.connect(&endpoint).unwrap();
            push.send("late").unwrap();
            drop(push);
            let ends = spawn(move || drop(context));
            let waits = log.await_event("waiting for", &endpoint);
            assert_eq!(waits.text, format!("waiting for {endpoint}: 1 message unsent"));
            let expected = (Level::WARN, "end", vec!["PUSH", &endpoint, "1", "6"]);
            assert_eq!(waits.parts(&["socket", "endpoint", "messages", "bytes"]), expected);
            let mut pull = Pull::new(&Context::new()).unwrap();
            pull.bind(&endpoint).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"late");
            ends.join().unwrap();
            log.await_event("end of linger", &endpoint);
        }
    });
}

#[test]
fn an_end_that_waits_for_an_open_socket_is_told() {
    within(PATIENCE, || {
        let (log, context) = (*LOG, Context::new());
        let open = Rep::new(&context).unwrap();
        let ends = spawn(move || context.term());
        let waits = log.await_event("waiting for a REP socket that is open", "REP");
        assert_eq!((waits.level, &*waits.target), (Level::WARN, "zincmq::end"));
        drop(open);
        ends.join().unwrap();
    });
}

#[test]
fn messages_that_linger_too_long_are_told() {
    within(PATIENCE, || {
        let (log, endpoint, context) = (*LOG, fresh_tcp(), Context::new());
        let mut push = Push::new(&context).unwrap();
        push.set(option::LINGER, Duration::from_millis(20)).unwrap();
        push.connect(&endpoint).unwrap();
        ["lost", "too"].iter().for_each(|text| push.send(*text).unwrap());
        drop(push);
        let over = log.await_event("LINGER is over", &endpoint);
        assert_eq!(over.parts(&["messages", "bytes"]), (Level::INFO, "drop", vec!["2", "11"]));
    });
}

#[test]
fn messages_are_not_told() {
    within(PATIENCE, || {
        for endpoint in common::NETWORK {
            let log = *LOG;
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let mut push = Push::new(&context).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            push.connect(&bound).unwrap();
            push.send("first").unwrap();
            pull.recv_timeout(PATIENCE).unwrap();
            until("both sides have told of the peer", || {
                log.texts(&bound).iter().filter(|text| *text == "the peer is there").count() == 2
            });
            let before = log.texts(&bound);
            for _ in 0..1000 {
                push.send(["one", "two"]).unwrap();
                pull.recv_timeout(PATIENCE).unwrap();
            }
            let after = log.texts(&bound);
            // The span of a handshake may end behind its event.
            let more = after[before.len()..].iter().filter(|text| *text != "end of handshake").count();
            assert_eq!(more, 0, "{after:?}");
        }
    });
}
