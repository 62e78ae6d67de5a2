//! The broker's side, without its socket: messages in, messages out. Whoever owns a ROUTER socket runs it.

use super::{CLIENT, DISCONNECT, HEARTBEAT, READY, REPLY, REQUEST, WORKER};
use crate::heartbeat::Lease;
use std::collections::{HashMap, VecDeque};
use std::mem;
use std::time::{Duration, Instant};
use zincmq::{Frame, Message};

/// A request that has found no worker for so long is dropped: its client has asked again meanwhile, or has gone.
const EXPIRY: Duration = Duration::from_secs(2);

/// What the broker knows: services, with the requests that wait for a worker and the workers that wait for a request.
#[derive(Debug, Default)]
pub struct Broker {
    services: HashMap<Frame, Service>,
    workers: HashMap<Frame, Worker>,
    outgoing: Vec<Message>,
}

#[derive(Debug, Default)]
struct Service {
    requests: VecDeque<Request>,
    /// The one that has been free for longest first.
    free: VecDeque<Frame>,
}

#[derive(Debug)]
struct Worker {
    service: Frame,
    lease: Lease,
    /// What it works at.
    request: Option<Request>,
}

#[derive(Debug)]
struct Request {
    client: Frame,
    body: Message,
    since: Instant,
}

impl Broker {
    /// Takes in what the ROUTER has received, and returns what it is to send.
    pub fn receive(&mut self, mut message: Message, now: Instant) -> Vec<Message> {
        match message.as_slice() {
            [client, _, protocol, service, _, ..] if protocol == CLIENT => {
                let (client, service) = (client.clone(), service.clone());
                self.request(&service, Request { client, body: message.split_off(4), since: now });
            }
            [id, _, protocol, command, ..] if protocol == WORKER => {
                let (id, command) = (id.clone(), command.clone());
                self.command(&id, &command, message.split_off(4), now);
            }
            // Of another protocol: it is nobody's.
            _ => {}
        }
        mem::take(&mut self.outgoing)
    }

    /// To be called once an interval. Returns the heartbeats for the workers that live; requests of the others are
    /// given to those who are free.
    pub fn beat(&mut self, now: Instant) -> Vec<Message> {
        let dead = self.workers.iter().filter(|(_, worker)| worker.lease.is_over(now));
        for id in dead.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.forget(&id);
        }
        self.outgoing.extend(self.workers.keys().map(|id| to_worker(id, HEARTBEAT)));
        self.services.retain(|_, service| {
            service.requests.retain(|request| now < request.since + EXPIRY);
            !service.requests.is_empty() || !service.free.is_empty()
        });
        mem::take(&mut self.outgoing)
    }

    fn request(&mut self, service: &Frame, request: Request) {
        if service.starts_with(b"mmi.") {
            let status = self.status(service, &request.body);
            self.outgoing.push(to_client(request.client, service, status.into()));
        } else {
            self.services.entry(service.clone()).or_default().requests.push_back(request);
            self.dispatch(service);
        }
    }

    /// The broker's answer to a request about itself (8/MMI): whether there are workers for a service.
    fn status(&self, service: &Frame, request: &Message) -> &'static str {
        match request.as_slice() {
            [name] if service == "mmi.service" => {
                let served = self.workers.values().any(|worker| worker.service == *name);
                if served { "200" } else { "404" }
            }
            _ => "501",
        }
    }

    /// What a worker says.
    fn command(&mut self, id: &Frame, command: &Frame, mut body: Message, now: Instant) {
        match (&**command, body.as_slice(), self.workers.get_mut(id)) {
            ([READY], [service], None) if !service.starts_with(b"mmi.") => {
                println!("a worker is ready for {service:?}");
                let worker = Worker { service: service.clone(), lease: Lease::new(now), request: None };
                self.workers.insert(id.clone(), worker);
                self.is_free(id, service);
            }
            // The client's address comes along, but it is the broker that knows whose turn it was.
            ([REPLY], [_, _, _, ..], Some(Worker { service, lease, request: request @ Some(_) })) => {
                *lease = Lease::new(now);
                let service = service.clone();
                if let Some(request) = request.take() {
                    self.outgoing.push(to_client(request.client, &service, body.split_off(2)));
                }
                self.is_free(id, &service);
            }
            ([HEARTBEAT], [], Some(worker)) => worker.lease = Lease::new(now),
            ([DISCONNECT], ..) => self.forget(id),
            // Out of turn, or from a worker that was given up: it is to begin anew.
            _ => {
                self.forget(id);
                self.outgoing.push(to_worker(id, DISCONNECT));
            }
        }
    }

    fn is_free(&mut self, worker: &Frame, service: &Frame) {
        self.services.entry(service.clone()).or_default().free.push_back(worker.clone());
        self.dispatch(service);
    }

    /// Forgets a worker. Its request is the next to be done.
    fn forget(&mut self, id: &Frame) {
        let Some(worker) = self.workers.remove(id) else { return };
        println!("a worker for {:?} has gone", worker.service);
        let service = self.services.entry(worker.service.clone()).or_default();
        service.free.retain(|free| free != id);
        if let Some(request) = worker.request {
            service.requests.push_front(request);
        }
        self.dispatch(&worker.service);
    }

    /// Gives requests to workers, as long as there are both.
    fn dispatch(&mut self, name: &Frame) {
        let Some(service) = self.services.get_mut(name) else { return };
        while !service.requests.is_empty()
            && let Some(id) = service.free.pop_front()
            && let Some(worker) = self.workers.get_mut(&id)
        {
            worker.request = service.requests.pop_front();
            if let Some(Request { client, body, .. }) = &worker.request {
                self.outgoing.push((&id, "", WORKER, [REQUEST], client, "", body).into());
            }
        }
    }
}

fn to_client(client: Frame, service: &Frame, reply: Message) -> Message {
    Message::from((client, "", CLIENT, service, reply))
}

fn to_worker(id: &Frame, command: u8) -> Message {
    Message::from((id, "", WORKER, [command]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heartbeat::LEASE;

    /// A broker, and the time.
    struct World(Broker, Instant);

    impl World {
        fn new() -> Self {
            Self(Broker::default(), Instant::now())
        }

        fn send<const N: usize>(&mut self, parts: [&str; N]) -> Vec<Message> {
            self.0.receive(parts.into(), self.1)
        }

        fn pass(&mut self, time: Duration) -> Vec<Message> {
            self.1 += time;
            self.0.beat(self.1)
        }
    }

    const ASK: [&str; 5] = ["ann", "", CLIENT, "echo", "hello"];
    const ASKED: [&str; 7] = ["w1", "", WORKER, "\x02", "ann", "", "hello"];

    const NOTHING: [Message; 0] = [];

    fn ready(id: &str) -> [&str; 5] {
        [id, "", WORKER, "\x01", "echo"]
    }

    #[test]
    fn requests_find_workers_and_replies_their_clients() {
        let mut world = World::new();
        assert_eq!(world.send(ASK), NOTHING);
        assert_eq!(world.send(ready("w1")), [Message::from(ASKED)]);
        let reply = world.send(["w1", "", WORKER, "\x03", "ann", "", "HELLO"]);
        assert_eq!(reply, [Message::from(["ann", "", CLIENT, "echo", "HELLO"])]);
        // Now it is free again.
        assert_eq!(world.send(ASK), [Message::from(ASKED)]);
    }

    #[test]
    fn the_request_of_a_dead_worker_is_given_to_another() {
        let mut world = World::new();
        world.send(ready("w1"));
        assert_eq!(world.send(ASK), [Message::from(ASKED)]);
        world.pass(LEASE / 2);
        assert_eq!(world.send(ready("w2")), NOTHING);
        let [asked, heartbeat] = &world.pass(LEASE / 2)[..] else { panic!("not two messages") };
        assert_eq!(asked.as_slice(), ["w2", "", WORKER, "\x02", "ann", "", "hello"]);
        assert_eq!(heartbeat.as_slice(), ["w2", "", WORKER, "\x04"]);
        // The dead worker was only slow. Its reply comes too late, and it has to begin anew.
        let late = world.send(["w1", "", WORKER, "\x03", "ann", "", "HELLO"]);
        assert_eq!(late, [Message::from(["w1", "", WORKER, "\x05"])]);
    }

    #[test]
    fn a_worker_that_says_goodbye_gets_no_more() {
        let mut world = World::new();
        world.send(ready("w1"));
        assert_eq!(world.send(["w1", "", WORKER, "\x05"]), NOTHING);
        assert_eq!(world.send(ASK), NOTHING);
    }

    #[test]
    fn requests_do_not_wait_for_ever() {
        let mut world = World::new();
        world.send(ASK);
        world.pass(EXPIRY);
        assert_eq!(world.send(ready("w1")), NOTHING);
    }

    #[test]
    fn the_broker_tells_what_it_serves() {
        let mut world = World::new();
        let status = |world: &mut World, service: &str, about| {
            world.send(["ann", "", CLIENT, service, about])[0].pop().unwrap()
        };
        assert_eq!(status(&mut world, "mmi.service", "echo"), "404");
        world.send(ready("w1"));
        assert_eq!(status(&mut world, "mmi.service", "echo"), "200");
        assert_eq!(status(&mut world, "mmi.weather", "echo"), "501");
    }

    #[test]
    fn nonsense_is_harmless() {
        let mut world = World::new();
        for parts in [&["x"][..], &["x", ""], &["x", "", CLIENT, "echo"], &["x", "", "HTTP", "GET", "/"]] {
            assert_eq!(world.0.receive(parts.into(), world.1), NOTHING);
        }
        for command in ["", "\x01", "\x03", "\x04", "\x09"] {
            let answer = world.send(["x", "", WORKER, command]);
            assert_eq!(answer, [Message::from(["x", "", WORKER, "\x05"])]);
        }
    }
}
