use zincmq::{Context, Pull, Result};

fn main() -> Result<()> {
    let mut pull = Pull::new(&Context::new())?;
    let text = pull.recv()?.as_str()?;
    println!("{text}");
    Ok(())
}
