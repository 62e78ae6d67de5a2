//! Bodies that are to be kept as they are for a reader in the same process.

mod common;

use bytes::Bytes;
use common::{body, broadcast, take_message};
use queue::{Body, Keep, Part, Pool, Reader, Writer, channel, conflating};
use std::sync::Arc;

const SIZES: [usize; 12] = [0, 1, 2, 45, 127, 128, 129, 255, 256, 5000, 70_000, 300_000];

/// Somebody's memory, who can tell how many references there are.
#[derive(Debug, Clone)]
struct Owned(Arc<Vec<u8>>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Keep for Owned {
    fn share(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }
}

impl Owned {
    fn new(size: usize) -> Self {
        Self(Arc::new(body(3, size).to_vec()))
    }

    fn references(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

fn ends() -> [(Writer, Reader); 2] {
    [channel(&Pool::new()), conflating(&Pool::new())]
}

/// What a message of these parts is read as: whether each is the memory that was given.
fn read(reader: &mut Reader, owned: &[&Owned]) {
    for owned in owned {
        let frame = reader.take().unwrap();
        let Body::Shared(bytes) = frame.body else { panic!("copied") };
        assert_eq!(bytes, owned.as_ref());
        assert!(bytes.is_empty() || std::ptr::eq(bytes.as_ptr(), owned.as_ref().as_ptr()));
        assert_eq!(owned.references(), 1);
        drop(bytes);
        assert_eq!(owned.references(), 0);
    }
}

#[test]
fn a_reader_in_the_process_gets_the_same_memory() {
    for (mut writer, mut reader) in ends() {
        writer.serve_process();
        for size in SIZES {
            let (one, two) = (Owned::new(size), Owned::new(size));
            for shared in [false, true] {
                for parts in [&[&one][..], &[&one, &two]] {
                    let kept: Vec<_> = parts.iter().map(|&part| Part::Kept(part)).collect();
                    if shared {
                        writer.write_shared(&kept, &mut broadcast(kept.len(), 1));
                    } else {
                        writer.write(&[], &kept);
                    }
                    _ = writer.publish();
                    read(&mut reader, parts);
                }
                // Others are copied as ever, in the same segment.
                writer.write(&[], &[Part::Slice(b"plain")]);
                _ = writer.publish();
                assert_eq!(take_message(&mut reader).unwrap(), [b"plain"]);
            }
        }
        let left = Owned::new(1);
        writer.write(&[], &[Part::Kept(&left)]);
        _ = writer.publish();
        assert_eq!(left.references(), 1);
        drop((writer, reader));
        assert_eq!(left.references(), 0, "what nobody reads is let go of");
    }
}

#[test]
fn to_a_network_they_are_copied_as_others() {
    for (mut writer, mut reader) in ends() {
        for size in SIZES {
            let owned = Owned::new(size);
            writer.write(&[], &[Part::Kept(&owned), Part::Kept(&owned)]);
            writer.write(&[], &[Part::Kept(&owned)]);
            assert_eq!(owned.references(), if size < 65_000 { 0 } else { 3 });
            _ = writer.publish();
            while let Some(parts) = take_message(&mut reader) {
                assert!(parts.iter().all(|part| part == owned.as_ref()));
            }
            assert_eq!(owned.references(), 0);
        }
    }
}
