use zincmq::{Context, Push};

fn main() {
    let mut push = Push::new(&Context::new()).unwrap();
    push.send(("number", 42_u32)).unwrap();
    push.send([1_u32, 2]).unwrap();
}
