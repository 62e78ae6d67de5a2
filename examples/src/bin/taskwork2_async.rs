//! `taskwork2` as a task: waiting for one of two sockets is a race between two futures.
//!
//! `taskwork2_async [WORK] [SINK] [CONTROL]`

use examples::{Result, steps, text};
use smol::future;
use zincmq::{Context, Message, Pull, Push, Sub};

fn main() -> Result {
    smol::block_on(run())
}

async fn run() -> Result {
    let context = Context::new();
    let mut work = Pull::new(&context)?;
    work.connect(text(1, "tcp://127.0.0.1:5557"))?;
    let mut sink = Push::new(&context)?;
    sink.connect(text(2, "tcp://127.0.0.1:5558"))?;
    let mut control = Sub::new(&context)?;
    control.connect(text(3, "tcp://127.0.0.1:5559"))?;
    control.subscribe("")?;

    let mut done = 0;
    // The future that loses is dropped, and has taken no message.
    while let Some(task) = future::or(task(&mut work), stop(&mut control)).await? {
        let task = task.as_str()?;
        sink.send_async(["result".to_owned(), task.to_owned(), steps(task.parse()?).to_string()]).await?;
        done += 1;
    }
    println!("stopped after {done} tasks");
    Ok(())
}

async fn task(work: &mut Pull) -> Result<Option<Message>> {
    Ok(Some(work.recv_async().await?))
}

async fn stop(control: &mut Sub) -> Result<Option<Message>> {
    control.recv_async().await?;
    Ok(None)
}
