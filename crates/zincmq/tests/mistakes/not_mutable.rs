use zincmq::{Context, Pull};

fn main() {
    let pull = Pull::new(&Context::new()).unwrap();
    pull.recv().unwrap();
}
