use zincmq::{Context, Dealer};

fn main() {
    let mut dealer = Dealer::new(&Context::new()).unwrap();
    let sends = dealer.send_async("request");
    let receives = dealer.recv_async();
    drop((sends, receives));
}
