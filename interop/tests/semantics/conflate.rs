//! CONFLATE: the last message wins, whichever side keeps only that.

use crate::subjects;
use interop::Peer;
use zincmq::SocketType::{Dealer, Pull, Push};
use zincmq::option;

#[test]
fn the_last_message_always_arrives() {
    const COUNT: u32 = 10_000;
    for subject in subjects() {
        for (types, sender_conflates) in
            [([Push, Pull], true), ([Push, Pull], false), ([Dealer, Dealer], true)]
        {
            let (mut from, mut to) = (Peer::new(subject, types[0]), Peer::new(subject.other(), types[1]));
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
}
