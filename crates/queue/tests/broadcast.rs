//! One message for several readers.

mod common;

use common::{body, broadcast};
use queue::{Body, Broadcast, Common, Part, Pool, Reader, Writer, channel};
use std::sync::Arc;

/// Around the bounds of what is copied, what is common, and what goes by reference as it is.
const SIZES: [usize; 16] =
    [0, 1, 127, 128, 129, 255, 256, 1023, 1024, 1025, 4096, 8192, 8193, 65_000, 66_000, 300_000];

/// So many pipes, every second of them to a network.
fn pipes(count: usize, pool: &Arc<Pool>) -> Vec<(Writer, Reader)> {
    let mut pipes: Vec<_> = (0..count).map(|_| channel(pool)).collect();
    pipes.iter_mut().step_by(2).for_each(|(writer, _)| writer.serve_process());
    pipes
}

fn write(pipes: &mut [(Writer, Reader)], parts: &[Part<'_>], broadcast: &mut Broadcast) {
    broadcast.begin(parts.len(), pipes.len());
    for (writer, _) in &mut *pipes {
        writer.write_shared(parts, broadcast);
        _ = writer.publish();
    }
    broadcast.end();
}

#[test]
fn all_readers_get_every_byte_and_count_as_many() {
    let (pool, mut broadcast) = (Pool::new(), Broadcast::default());
    for readers in [1, 2, 3, 64] {
        let mut pipes = pipes(readers, &pool);
        let (mut plain, _reader) = channel(&pool);
        for size in SIZES {
            // Above all a part behind another, and one that was shared before.
            let bytes = body(2, size).to_vec().into();
            let parts = [Part::Slice(body(1, size)), Part::Shared(&bytes), Part::Slice(b"end")];
            write(&mut pipes, &parts, &mut broadcast);
            write(&mut pipes, &parts[..1], &mut broadcast);
            plain.write(&[], &parts);
            plain.write(&[], &parts[..1]);
            _ = plain.publish();
            for (writer, reader) in &mut pipes {
                let backlog = reader.backlog();
                assert_eq!(backlog.messages, 2);
                let expected: [(&[u8], bool); 4] =
                    [(body(1, size), true), (body(2, size), true), (b"end", false), (body(1, size), false)];
                for (body, more) in expected {
                    assert_eq!(reader.peek().map(|(_, more, body)| (body, more)), Some((body, more)));
                    let taken = reader.take().unwrap();
                    assert_eq!((taken.body.as_ref(), taken.more), (body, more));
                }
                assert!(reader.take().is_none());
                assert_eq!(writer.gauge().bytes(), plain.gauge().bytes(), "{size} bytes, {readers} readers");
                assert_eq!(writer.queued(), 0);
            }
        }
    }
}

#[test]
fn the_backlog_counts_bytes_by_reference() {
    let (pool, mut broadcast) = (Pool::new(), Broadcast::default());
    let mut pipes = pipes(64, &pool);
    for _ in 0..3 {
        write(&mut pipes, &[Part::Slice(body(0, 200)), Part::Slice(body(0, 1000))], &mut broadcast);
    }
    for (_, reader) in &pipes {
        let backlog = reader.backlog();
        assert_eq!((backlog.messages, backlog.bytes), (3, 3 * (2 + 200 + 9 + 1000)));
    }
}

/// The body of the next message, which is common.
fn common(reader: &mut Reader) -> Common {
    match reader.take().unwrap().body {
        Body::Common(common) => common,
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_readers_have_one_body() {
    let (pool, mut broadcast) = (Pool::new(), Broadcast::default());
    let mut pipes = pipes(64, &pool);
    write(&mut pipes, &[Part::Slice(body(0, 1000))], &mut broadcast);
    let mut bodies: Vec<_> = pipes.iter_mut().map(|(_, reader)| common(reader)).collect();
    let first = bodies.pop().unwrap();
    assert!(bodies.iter().all(|body| std::ptr::eq(body.as_ptr(), first.as_ptr())));
    assert!(bodies.iter().all(Common::is_shared));
    drop(bodies);
    assert!(!first.is_shared(), "no more were counted than are there");
    assert!(first.clone().is_shared());
    assert_eq!(*first, *body(0, 1000));
}

#[test]
fn more_readers_than_were_told_share_it_too() {
    let pool = Pool::new();
    let mut pipes = pipes(1, &pool);
    let mut broadcast = broadcast(1, 1);
    for _ in 0..3 {
        pipes[0].0.write_shared(&[Part::Slice(body(0, 5000))], &mut broadcast);
    }
    _ = pipes[0].0.publish();
    drop(broadcast);
    let bodies = [(); 3].map(|()| common(&mut pipes[0].1));
    let [one, two, three] = bodies;
    drop((one, two));
    assert!(!three.is_shared());
}

#[test]
fn what_nobody_reads_is_let_go_of() {
    let (pool, mut broadcast) = (Pool::new(), Broadcast::default());
    for writer_first in [true, false] {
        for read in [0, 1, 300] {
            let mut pipes = pipes(64, &pool);
            let part = [Part::Slice(body(0, 150))];
            let mut seen = Vec::new();
            // More than a segment holds.
            for _ in 0..600 {
                write(&mut pipes, &part, &mut broadcast);
                seen.push(common(&mut pipes[0].1));
            }
            for (writer, _) in &mut pipes[..3] {
                // Not published, and never will be.
                writer.write_shared(&part, &mut common::broadcast(1, 64));
            }
            for (_, reader) in &mut pipes[1..] {
                (0..read).for_each(|_| _ = reader.take());
            }
            assert!(seen[read..].iter().all(Common::is_shared));
            for (writer, reader) in pipes {
                if writer_first {
                    drop(writer);
                    drop(reader);
                } else {
                    drop(reader);
                    drop(writer);
                }
            }
            assert!(!seen.iter().any(Common::is_shared));
        }
    }
}
