//! Finding leaks: makes, uses and drops a bit of everything, to be run under valgrind.
//!
//! `leaks [ROUNDS]`. With valgrind installed:
//!
//! ```sh
//! cargo build -p examples --bin leaks
//! valgrind --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=1 target/debug/leaks
//! ```

use examples::{Result, number};
use std::thread;
use std::time::{Duration, Instant};
use zincmq::{Context, Pub, Pull, Push, Rep, Req, Sub};

fn main() -> Result {
    let rounds = number(1, 5);
    for _ in 0..rounds {
        let context = Context::new();
        for endpoint in ["inproc://leaks", "ipc://*", "tcp://127.0.0.1:*"] {
            requests(&context, endpoint)?;
            left_unread(&context, endpoint)?;
        }
        subscriptions(&context)?;
        swept(&context)?;
        // The context ends here, and with it its threads: what is not freed now never is.
    }
    println!("{rounds} rounds done");
    Ok(())
}

fn requests(context: &Context, endpoint: &str) -> Result {
    let mut rep = Rep::new(context)?;
    let endpoint = rep.bind(endpoint)?;
    let mut req = Req::new(context)?;
    req.connect(&endpoint)?;
    let server = thread::spawn(move || -> zincmq::Result<()> {
        let request = rep.recv()?;
        Ok(rep.send(request)?)
    });
    req.send(vec![1; 100_000])?;
    assert_eq!(req.recv()?.bytes().len(), 100_000);
    server.join().map_err(|_| "the server panicked")??;
    Ok(())
}

/// While it moves messages, an I/O thread gives back once a second what is idle.
fn swept(context: &Context) -> Result {
    let mut pull = Pull::new(context)?;
    let mut push = Push::new(context)?;
    push.connect(pull.bind("tcp://127.0.0.1:*")?)?;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1500) {
        push.send("message")?;
        pull.recv()?;
    }
    Ok(())
}

/// Messages nobody reads are freed with the queue they are in.
fn left_unread(context: &Context, endpoint: &str) -> Result {
    let mut pull = Pull::new(context)?;
    let endpoint = pull.bind(endpoint.replace("leaks", "unread"))?;
    let mut push = Push::new(context)?;
    push.connect(&endpoint)?;
    for size in [10, 1000, 100_000] {
        push.send([b"several parts".to_vec(), vec![2; size]])?;
    }
    pull.recv()?;
    Ok(())
}

fn subscriptions(context: &Context) -> Result {
    let mut publisher = Pub::new(context)?;
    publisher.bind("inproc://topics")?;
    let mut subscriber = Sub::new(context)?;
    subscriber.connect("inproc://topics")?;
    for topic in 0..100 {
        subscriber.subscribe(format!("topic {topic}"))?;
    }
    publisher.send("topic 7")?;
    publisher.send("topic nobody asked for")?;
    Ok(())
}
