use zincmq::{Context, Push};

fn main() {
    let mut push = Push::new(&Context::new()).unwrap();
    push.subscribe("topic").unwrap();
}
