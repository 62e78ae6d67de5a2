//! Bodies that several queues refer to.

use super::{model, pipe};
use loom::thread;
use queue::{Body, Broadcast, Part, Reader};

/// Two readers have each body together, and the memory of one that both have read is written again.
#[test]
fn common_bodies() {
    model(|| {
        let (mut one, mut other) = (pipe(0), pipe(0));
        let read = |reader: &mut Reader, got: &mut u8| {
            while let Some(frame) = reader.take() {
                let Body::Common(body) = frame.body else { panic!("{frame:?}") };
                *got += 1;
                assert_eq!(*body, [*got; 200]);
            }
        };
        let reading = thread::spawn(move || {
            read(&mut one.reader, &mut one.got);
            read(&mut other.reader, &mut other.got);
            [(one.reader, one.got), (other.reader, other.got)]
        });
        let (mut writers, mut broadcast) = ([one.writer, other.writer], Broadcast::default());
        for n in 1..=2 {
            broadcast.begin(1, 100);
            for writer in &mut writers {
                writer.write_shared(&[Part::Slice(&[n; 200])], &mut broadcast);
                assert!(!writer.publish());
            }
            broadcast.end();
        }
        for (mut reader, mut got) in reading.join().unwrap() {
            read(&mut reader, &mut got);
            assert_eq!(got, 2);
        }
    });
}
