use std::sync::Arc;
use std::thread;
use zincmq::{Context, Push};

fn main() {
    let push = Arc::new(Push::new(&Context::new()).unwrap());
    let other = push.clone();
    thread::spawn(move || other.send("one").unwrap());
    push.send("two").unwrap();
}
