use zincmq::{Context, Push, option};

fn main() {
    let mut push = Push::new(&Context::new()).unwrap();
    push.set(option::LINGER, 1000).unwrap();
    push.set(option::LINGER, true).unwrap();
}
