use zincmq::{Context, Pub};

fn main() {
    let mut publisher = Pub::new(&Context::new()).unwrap();
    publisher.subscribe("topic").unwrap();
}
