use zincmq::{Context, Sub};

fn main() {
    let mut sub = Sub::new(&Context::new()).unwrap();
    sub.subscribe(42).unwrap();
}
