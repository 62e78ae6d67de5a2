use zincmq::{Context, Req};

fn main() {
    let req = Req::new(&Context::new()).unwrap();
    let (_requests, _replies) = req.into_split();
}
