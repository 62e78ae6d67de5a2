//! The pipeline, a worker that works until it is told to stop.
//!
//! `taskwork2 [WORK] [SINK] [CONTROL]`: connects to all three, and ends when anything comes from CONTROL.

use examples::{Result, steps, text};
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Pull, Push, Sub};

const WORK: Token = Token(0);
const CONTROL: Token = Token(1);

fn main() -> Result {
    let context = Context::new();
    let mut work = Pull::new(&context)?;
    work.connect(text(1, "tcp://127.0.0.1:5557"))?;
    let mut sink = Push::new(&context)?;
    sink.connect(text(2, "tcp://127.0.0.1:5558"))?;
    let mut control = Sub::new(&context)?;
    control.connect(text(3, "tcp://127.0.0.1:5559"))?;
    control.subscribe("")?;

    let mut poller = Poller::new();
    let mut done = 0;
    loop {
        let sockets = [
            Item::socket(WORK, &mut work, Interest::READABLE),
            Item::socket(CONTROL, &mut control, Interest::READABLE),
        ];
        for event in poller.wait(sockets, None)? {
            if event.token == CONTROL {
                println!("stopped after {done} tasks");
                return Ok(());
            }
            let task = work.recv()?;
            let task = task.as_str()?;
            sink.send(["result".to_owned(), task.to_owned(), steps(task.parse()?).to_string()])?;
            done += 1;
        }
    }
}
