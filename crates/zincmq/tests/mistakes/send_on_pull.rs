use zincmq::{Context, Pull};

fn main() {
    let mut pull = Pull::new(&Context::new()).unwrap();
    pull.send("text").unwrap();
}
