//! Asks `web` for squares, over HTTP.
//!
//! `webclient [HTTP] [COUNT]`: the squares from 1 on, all at once.

use examples::{Result, number, text};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;

fn main() -> Result {
    let address = text(1, "127.0.0.1:8080");
    wait_for(&address)?;
    let ask = |number| {
        let address = address.clone();
        thread::spawn(move || get(&address, &format!("/square/{number}")))
    };
    let replies: Vec<_> = (1..=number(2, 10)).map(ask).collect();
    for (number, reply) in (1..).zip(replies) {
        let reply = reply.join().map_err(|_| "a thread has panicked")??;
        println!("{number} squared is {reply}");
    }
    Ok(())
}

/// TCP, unlike ZeroMQ, does not wait for its server.
fn wait_for(address: &str) -> Result {
    loop {
        match TcpStream::connect(address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => thread::yield_now(),
            result => return Ok(result.map(drop)?),
        }
    }
}

fn get(address: &str, path: &str) -> Result<String> {
    let mut connection = TcpStream::connect(address)?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    connection.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.lines().next().unwrap_or_default();
    if status.ends_with("200 OK") { Ok(body.to_owned()) } else { Err(status.into()) }
}
