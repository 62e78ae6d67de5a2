use zincmq::{Pub, Result};

async fn answer(publisher: &mut Pub) -> Result<()> {
    publisher.recv_async().await.map(drop)
}

fn main() {
    let _ = answer;
}
