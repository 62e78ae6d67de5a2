//! CONFLATE: the last message wins, whichever side keeps only that.

use interop::{Library, Peer};
use zincmq::SocketType::{Dealer, Pull, Push};
use zincmq::option;

/// Where ours keeps it. libzmq's may sleep over it: if its reader finds nothing and goes to sleep just as the last message
/// is written, nobody wakes it.
#[test]
fn the_last_message_always_arrives() {
    const COUNT: u32 = 10_000;
    for (types, sender_conflates) in [([Push, Pull], true), ([Push, Pull], false), ([Dealer, Dealer], true)] {
        let sender = if sender_conflates { Library::Ours } else { Library::Genuine };
        let (mut from, mut to) = (Peer::new(sender, types[0]), Peer::new(sender.other(), types[1]));
        let keeper = if sender_conflates { &mut from } else { &mut to };
        keeper.set(option::CONFLATE, true);
        from.connect(&to.bind_tcp());
        for number in 0..COUNT {
            from.send(&[number.to_be_bytes()]).unwrap();
        }
        let mut expected = 0;
        while expected < COUNT {
            let number = u32::from_be_bytes(to.recv().unwrap()[0][..].try_into().unwrap());
            assert!(number >= expected, "{number} instead of {expected}");
            expected = number + 1;
        }
    }
}
