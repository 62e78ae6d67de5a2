use zincmq::{Context, Message, Push, Result};

fn main() -> Result<()> {
    let mut push = Push::new(&Context::new())?;
    let message = Message::from(["two", "parts"]);
    while push.try_send(message).is_err() {}
    Ok(())
}
