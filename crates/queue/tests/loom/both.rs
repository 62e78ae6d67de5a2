//! Both directions of a pipe, which lie in one block.

use super::{Bell, model, send};
use loom::thread;
use queue::{Pool, Reader, Writer, pipe};
use std::sync::Arc;

/// Sends, and takes the other side's message if it has come.
fn exchange(mut writer: Writer, mut reader: Reader, n: u8) {
    send(&mut writer, n);
    if let Some(frame) = reader.take() {
        assert_eq!(*frame.body.as_ref(), [3 - n; 2]);
    }
}

/// Two sides exchange messages and go: nothing is left of the block, of its segments, or of whom it told.
#[test]
fn both_sides_go() {
    model(|| {
        let (pool, bell) = (Pool::new(), Arc::new(Bell::default()));
        let [(writer, there), (other, here)] = pipe(&pool);
        here.attach(bell.clone(), 0);
        there.attach(bell.clone(), 0);
        let exchanging = thread::spawn(move || exchange(other, there, 2));
        exchange(writer, here, 1);
        exchanging.join().unwrap();
        assert_eq!((Arc::strong_count(&pool), Arc::strong_count(&bell)), (1, 1));
    });
}

/// A number is looked at while the ends of its direction, and then the other direction, go.
#[test]
fn a_gauge_outlives_its_ends() {
    model(|| {
        let pool = Pool::new();
        let [(mut writer, there), (other, here)] = pipe(&pool);
        let gauge = writer.gauge();
        let looking = thread::spawn(move || assert!([0, 4].contains(&gauge.bytes())));
        send(&mut writer, 1);
        drop((writer, there));
        drop((other, here));
        looking.join().unwrap();
        assert_eq!(Arc::strong_count(&pool), 1);
    });
}
