//! Binary Star, a server: one of two, of which the other takes over when this one crashes. `lpclient` is the client.
//!
//! `bstarsrv [ROLE] [ENDPOINT] [STATE] [PEER]`: `primary` or `backup`; binds ENDPOINT for clients and STATE for its
//! peer, whose STATE is PEER. Squares numbers; runs until Ctrl-C.

use examples::binary_star::{Event, State};
use examples::heartbeat::{Lease, Pulse};
use examples::{Result, square, text};
use std::time::Instant;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Pub, Router, Sub};

const PEER: Token = Token(0);
const CLIENTS: Token = Token(1);

fn main() -> Result {
    let context = Context::new();
    let role = text(1, "primary");
    let mut state = State::named(role.as_bytes())
        .filter(|state| matches!(state, State::Primary | State::Backup))
        .ok_or_else(|| format!("a server is primary or backup, not {role}"))?;
    let mut clients = Router::builder(&context).bind(text(2, "tcp://127.0.0.1:5001"))?;
    let mut own = Pub::builder(&context).bind(text(3, "tcp://127.0.0.1:5003"))?;
    let mut peer = Sub::builder(&context).connect(text(4, "tcp://127.0.0.1:5004"))?;
    peer.subscribe("")?;

    let now = Instant::now();
    let (mut pulse, mut lease) = (Pulse::new(now), Lease::new(now));
    let mut poller = Poller::new();
    loop {
        let items = [
            Item::socket(PEER, &mut peer, Interest::READABLE),
            Item::socket(CLIENTS, &mut clients, Interest::READABLE),
        ];
        // The peer's events come first, and all of them: a request is not to be judged by what was so long ago.
        let events = poller.wait(items, Some(pulse.left()))?;
        let now = Instant::now();
        let before = state;
        for event in events {
            if event.token == PEER {
                lease = Lease::new(now);
                while let Ok(told) = peer.try_recv() {
                    let Some(told) = State::named(told.bytes()) else { continue };
                    // If the two contradict each other, the peer is to learn of it as well.
                    state = state.after(Event::Peer(told)).inspect_err(|_| _ = own.send(state.name()))?;
                }
                continue;
            }
            // The client's envelope, and a number.
            let mut message = clients.recv()?;
            state = state.after(Event::Request { peer_is_silent: lease.is_over(now) })?;
            // Who is not active says nothing: the client asks the other one.
            if state == State::Active
                && let Some(number) = message.pop()
            {
                message.push(square(&number));
                clients.send(message)?;
            }
        }
        if state != before {
            println!("{}", state.name());
        }
        if state != before || pulse.is_due(now) {
            own.send(state.name())?;
        }
    }
}
