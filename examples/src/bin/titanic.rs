//! Titanic: requests that outlive clients, workers, brokers and this program, since they are kept on disk. It is a
//! worker of a Majordomo broker for the clients, and a client of that broker for the workers.
//!
//! `titanic [BROKER] [FOLDER]`: runs until Ctrl-C. The protocol is 9/TSP.

use examples::majordomo::{Client, serve};
use examples::titanic::{Id, Store};
use examples::{Result, text};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use zincmq::{Context, Message};

/// How often requests are tried for which there was no worker.
const AGAIN: Duration = Duration::from_millis(200);

fn main() -> Result {
    let (context, broker) = (Context::new(), text(1, "tcp://127.0.0.1:5555"));
    let store = Store::open(text(2, "titanic"))?;
    let (fresh, arrivals) = channel();
    let (requests, replies, removals) = (store.clone(), store.clone(), store.clone());
    start(&context, &broker, "titanic.request", move |request| {
        let reply = accept(&requests, &request);
        // Nobody takes this at the end of the program.
        _ = fresh.send(());
        reply
    });
    start(&context, &broker, "titanic.reply", move |request| look_up(&replies, &request));
    start(&context, &broker, "titanic.close", move |request| close(&removals, &request));

    let mut client = Client::new(&context, broker)?;
    while !matches!(arrivals.recv_timeout(AGAIN), Err(RecvTimeoutError::Disconnected)) {
        for id in store.pending()? {
            // A request that fails now is still there later.
            if let Err(error) = execute(&mut client, &store, &id) {
                eprintln!("{}: {error}", id.as_str());
            }
        }
    }
    Ok(())
}

/// Serves, in a thread.
fn start(
    context: &Context,
    broker: &str,
    service: &'static str,
    work: impl FnMut(Message) -> Message + Send + 'static,
) {
    let (context, broker) = (context.clone(), broker.to_owned());
    thread::spawn(move || {
        if let Err(error) = serve(&context, &broker, service, work) {
            eprintln!("{service}: {error}");
        }
    });
}

/// `service, request...` to `"200", id`.
fn accept(store: &Store, request: &Message) -> Message {
    match request.as_slice() {
        [service, _, ..] if service.as_str().is_ok() => {
            store.add(request).map_or_else(failed, |id| ["200", id.as_str()].into())
        }
        _ => "500".into(),
    }
}

/// `id` to `"200", reply...`, or to the reason why there is none.
fn look_up(store: &Store, request: &Message) -> Message {
    let Some(id) = request.first().and_then(Id::parse) else { return "400".into() };
    let found = store.reply(&id).and_then(|reply| match reply {
        Some(mut reply) => {
            reply.push_front("200");
            Ok(reply)
        }
        None => Ok(if store.request(&id)?.is_some() { "300" } else { "400" }.into()),
    });
    found.unwrap_or_else(failed)
}

/// `id` to `"200"`.
fn close(store: &Store, request: &Message) -> Message {
    let Some(id) = request.first().and_then(Id::parse) else { return "400".into() };
    store.remove(&id).map_or_else(failed, |()| "200".into())
}

fn failed(error: std::io::Error) -> Message {
    eprintln!("{error}");
    "500".into()
}

/// Has a request done, if there is a worker for it.
fn execute(client: &mut Client, store: &Store, id: &Id) -> Result {
    let Some(mut request) = store.request(id)? else { return Ok(()) };
    let service = request.pop_front().unwrap_or_default().into_string()?;
    if client.request("mmi.service", service.as_str())? == "200" {
        store.answer(id, &client.request(&service, request)?)?;
    }
    Ok(())
}
