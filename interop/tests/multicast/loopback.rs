//! Every pair on the loopback interface, and what subscribers and publishers do to each other there.

use crate::talk::{Place, Talk, all_sizes, available, same, socket};
use interop::multicast::Library::{self, C, Genuine, Native};
use interop::multicast::Messages;

macro_rules! pairs {
    ($test:ident: $($name:ident: $publisher:ident $subscriber:ident,)*) => {
        mod $test {
            use super::*;
            $(
                #[test]
                fn $name() {
                    if available(&[$publisher, $subscriber]) {
                        super::$test($publisher, $subscriber);
                    }
                }
            )*
        }
    };
}

pairs! { everything_arrives:
    native_genuine: Native Genuine,
    genuine_native: Genuine Native,
    c_genuine: C Genuine,
    genuine_c: Genuine C,
    native_c: Native C,
    c_native: C Native,
}

fn everything_arrives(publisher: Library, subscriber: Library) {
    for types in [["pub", "sub"], ["xpub", "xsub"], ["xpub", "sub"]] {
        println!("{publisher} {subscriber} {types:?}");
        let endpoint = Place::new().loopback();
        let mut subscriber = socket(subscriber, types[1], &endpoint, &[]);
        let mut talk = Talk::new(socket(publisher, types[0], &endpoint, &[]), 'h');
        talk.reach(&mut subscriber);
        talk.tell(&mut subscriber, &all_sizes());
        subscriber.close();
        talk.publisher.close();
    }
}

pairs! { only_what_was_asked_for_arrives:
    native_genuine: Native Genuine,
    genuine_native: Genuine Native,
    genuine_c: Genuine C,
}

fn only_what_was_asked_for_arrives(publisher: Library, subscriber: Library) {
    let endpoint = Place::new().loopback();
    let mut subscriber = socket(subscriber, "sub", &endpoint, &["subscribe=h", "subscribe=b0000001"]);
    let mut talk = Talk::new(socket(publisher, "pub", &endpoint, &[]), 'h');
    talk.reach(&mut subscriber);
    let sizes = [100, 2000];
    talk.publisher.send(&Messages::new('a', 0, 30, &sizes));
    talk.publisher.send(&Messages::new('b', 0, 30, &sizes));
    same(&talk.reach(&mut subscriber), &[Messages::new('b', 10, 10, &sizes)]);
}

pairs! { a_late_subscriber_joins_in_the_middle:
    native_genuine: Native Genuine,
    genuine_native: Genuine Native,
    genuine_c: Genuine C,
}

fn a_late_subscriber_joins_in_the_middle(publisher: Library, subscriber: Library) {
    let endpoint = Place::new().loopback();
    // The other one hears all of it, or nothing would have been sent yet when the late one joins.
    let mut early = socket(Native, "sub", &endpoint, &[]);
    let mut talk = Talk::new(socket(publisher, "pub", &endpoint, &[]), 'h');
    talk.reach(&mut early);
    let missed = Messages::new('a', 0, 20, &[9, 2000]);
    talk.tell(&mut early, std::slice::from_ref(&missed));
    let mut late = socket(subscriber, "sub", &endpoint, &[]);
    assert_eq!(talk.reach(&mut late), [""; 0], "what was sent before it joined");
    let rest = Messages::new('a', 20, 20, &[9, 2000]);
    talk.publisher.send(&rest);
    for subscriber in [&mut early, &mut late] {
        same(&talk.reach(subscriber), std::slice::from_ref(&rest));
    }
}

pairs! { a_publisher_is_killed_and_another_one_goes_on:
    native_genuine: Native Genuine,
    genuine_native: Genuine Native,
    c_genuine: C Genuine,
    genuine_c: Genuine C,
}

fn a_publisher_is_killed_and_another_one_goes_on(publisher: Library, subscriber: Library) {
    let endpoint = Place::new().loopback();
    let mut subscriber = socket(subscriber, "sub", &endpoint, &[]);
    for (run, hello) in ['h', 'i', 'j'].into_iter().enumerate() {
        let mut talk = Talk::new(socket(publisher, "pub", &endpoint, &[]), hello);
        // What the one before sent last may come only now, but for messages only hellos.
        let left = talk.reach(&mut subscriber);
        assert!(left.iter().all(|line| line.starts_with(['h', 'i'])), "{left:?}");
        talk.tell(&mut subscriber, &[Messages::new('a', 100 * run as u32, 50, &[9, 2000])]);
    }
}

pairs! { a_publisher_that_closes_sends_all_of_it:
    native_genuine: Native Genuine,
    c_genuine: C Genuine,
    native_native: Native Native,
    // libzmq itself loses its last datagram here.
    c_native: C Native,
}

fn a_publisher_that_closes_sends_all_of_it(publisher: Library, subscriber: Library) {
    let endpoint = Place::new().loopback();
    let mut subscriber = socket(subscriber, "sub", &endpoint, &["rate=100"]);
    let mut talk = Talk::new(socket(publisher, "pub", &endpoint, &["rate=100", "linger=-1"]), 'h');
    talk.reach(&mut subscriber);
    // At this rate that takes over a second; one second's amount may be sent at once.
    let messages = Messages::new('a', 0, 20, &[1200]);
    talk.publisher.send(&messages);
    talk.publisher.close();
    let heard: Vec<_> =
        std::iter::from_fn(|| subscriber.line()).filter(|line| !line.starts_with('h')).take(20).collect();
    same(&heard, &[messages]);
}
