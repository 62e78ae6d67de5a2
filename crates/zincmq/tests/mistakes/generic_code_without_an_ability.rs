use zincmq::{Result, Socket};

fn greet<K>(socket: &mut Socket<K>) -> Result<()> {
    Ok(socket.send("hello")?)
}

fn main() {
    let _ = greet::<zincmq::ability::Push>;
}
