//! Every compatible pair of socket types, ours with genuine ones: either role, tcp and ipc, single and multipart
//! messages of every size around which a frame takes another form. Content and order are checked byte for byte.

use interop::{Library, Peer, noise};
use std::iter::repeat_n;
use std::sync::LazyLock;
use std::time::Duration;
use zincmq::SocketType::{self, Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Sub, XPub, XSub};
use zincmq::option;

/// What stands before each message as it is sent, and as it is received.
type Way = (&'static [&'static str], &'static [&'static str]);

/// A pair of socket types and how messages go, from the left to the right and back.
struct Case {
    types: [SocketType; 2],
    there: Option<Way>,
    back: Option<Way>,
    /// One message at a time, as REQ and REP have it.
    turns: bool,
}

const PLAIN: Way = (&[], &[]);
/// The left is known to ROUTER as L, the right as R.
const FROM_LEFT: Way = (&[], &["L"]);
const TO_LEFT: Way = (&["L"], &[]);
const PUBLISHED: Way = (&["topic"], &["topic"]);

const fn case(left: SocketType, right: SocketType, there: Option<Way>, back: Option<Way>) -> Case {
    Case { types: [left, right], there, back, turns: matches!(left, Req) || matches!(right, Rep) }
}

macro_rules! cases {
    ($($name:ident: $left:ident $right:ident, $there:expr, $back:expr;)*) => {$(
        #[test]
        fn $name() {
            case($left, $right, $there, $back).run();
        }
    )*};
}

cases! {
    pair_pair: Pair Pair, Some(PLAIN), Some(PLAIN);
    pub_sub: Pub Sub, Some(PUBLISHED), None;
    pub_xsub: Pub XSub, Some(PUBLISHED), None;
    xpub_sub: XPub Sub, Some(PUBLISHED), None;
    xpub_xsub: XPub XSub, Some(PUBLISHED), Some((&["up"], &["up"]));
    req_rep: Req Rep, Some(PLAIN), Some(PLAIN);
    req_router: Req Router, Some((&[], &["L", ""])), Some((&["L", ""], &[]));
    dealer_rep: Dealer Rep, Some((&["hop", ""], &[])), Some((&[], &["hop", ""]));
    dealer_dealer: Dealer Dealer, Some(PLAIN), Some(PLAIN);
    dealer_router: Dealer Router, Some(FROM_LEFT), Some(TO_LEFT);
    router_router: Router Router, Some((&["R"], &["L"])), Some((&["L"], &["R"]));
    push_pull: Push Pull, Some(PLAIN), None;
}

/// Sizes at which something changes: inline bodies, long frames, batches, shared bodies, segments.
const SIZES: &[usize] = &[
    0,
    1,
    2,
    31,
    32,
    33,
    34,
    63,
    64,
    65,
    253,
    254,
    255,
    256,
    257,
    1000,
    1023,
    1024,
    1025,
    4095,
    4096,
    4097,
    8191,
    8192,
    8193,
    32_767,
    32_768,
    32_769,
    61_439,
    61_440,
    61_441,
    65_535,
    65_536,
    65_537,
    1 << 20,
    10_000_000,
];
/// A segment is so large, its header included: the largest frame that fits lies somewhere below.
const SEGMENT: usize = 1 << 16;
const SEGMENT_HEADER: usize = 128;

static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| noise(10_000_000));

/// The messages of one run: every size by itself, then every three neighbours as one message of three parts,
/// then many small parts.
fn messages() -> Vec<Vec<&'static [u8]>> {
    let part = |size: usize| &NOISE[..size];
    let singles = SIZES.iter().copied().chain(SEGMENT - SEGMENT_HEADER..SEGMENT);
    let singles = singles.map(|size| vec![part(size)]);
    let triples = SIZES.windows(3).map(|sizes| sizes.iter().map(|&size| part(size)).collect());
    let many = [20, 300].map(|parts| repeat_n(part(100), parts).collect());
    singles.chain(triples).chain(many).collect()
}

impl Case {
    fn run(&self) {
        for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
            for left in [Library::Ours, Library::Genuine] {
                for left_binds in [true, false] {
                    println!("{:?}: left {left:?}, left binds {left_binds}, {endpoint}", self.types);
                    self.converse(self.meet(endpoint, left, left_binds));
                }
            }
        }
    }

    fn meet(&self, endpoint: &str, library: Library, left_binds: bool) -> [Peer; 2] {
        let mut left = Peer::new(library, self.types[0]);
        let mut right = Peer::new(library.other(), self.types[1]);
        for (peer, id) in [(&mut left, "L"), (&mut right, "R")] {
            peer.set(option::ROUTING_ID, id.as_bytes());
        }
        if self.types == [Router, Router] {
            left.set(option::PROBE_ROUTER, true);
            right.set(option::PROBE_ROUTER, true);
        }
        let (binder, connecter) = if left_binds { (&mut left, &mut right) } else { (&mut right, &mut left) };
        let bound = binder.bind(endpoint);
        connecter.connect(&bound);
        self.prepare(&mut left, &mut right);
        [left, right]
    }

    /// Waits for what must be there before the first message, where the types do not wait by themselves.
    fn prepare(&self, left: &mut Peer, right: &mut Peer) {
        match self.types {
            [_, Sub] => right.subscribe("topic"),
            [_, XSub] => right.send(&[b"\x01topic"]).unwrap(),
            [Router, Router] => {
                assert_eq!(left.recv_helped(right), [&b"R"[..], b""]);
                assert_eq!(right.recv_helped(left), [&b"L"[..], b""]);
            }
            _ => {}
        }
        match self.types {
            [XPub, _] => assert_eq!(left.recv_helped(right), [b"\x01topic"]),
            [Pub, _] => {
                // Nothing tells when the subscription has arrived, but the messages that follow it.
                let mut probes = 0_u32;
                while right.recv_within(Duration::from_millis(1)).is_none() {
                    left.send(&[&b"topic"[..], &probes.to_be_bytes()]).unwrap();
                    probes += 1;
                }
                left.send(&["topic", "end"]).unwrap();
                while right.recv().unwrap()[1] != b"end" {}
            }
            _ => {}
        }
    }

    fn converse(&self, [mut left, mut right]: [Peer; 2]) {
        let messages = messages();
        let runs: Vec<_> = if self.turns { messages.chunks(1).collect() } else { vec![&messages[..]] };
        for run in runs {
            if let Some(way) = self.there {
                exchange(way, run, &mut left, &mut right);
            }
            if let Some(way) = self.back {
                exchange(way, run, &mut right, &mut left);
            }
        }
    }
}

/// Sends all the messages, then receives them.
fn exchange((sent, received): Way, messages: &[Vec<&[u8]>], from: &mut Peer, to: &mut Peer) {
    for message in messages {
        from.send(&headed(sent, message)).unwrap();
        if sent == ["topic"] {
            from.send(&headed(&["other"], message)).unwrap();
        }
    }
    for message in messages {
        let sizes: Vec<_> = message.iter().map(|part| part.len()).collect();
        let arrived = to.recv().unwrap_or_else(|error| panic!("errno {error} instead of {sizes:?}"));
        let got: Vec<_> = arrived.iter().map(Vec::len).collect();
        assert!(arrived == headed(received, message), "{got:?} instead of {sizes:?}");
    }
}

fn headed<'a>(head: &[&'static str], message: &[&'a [u8]]) -> Vec<&'a [u8]> {
    head.iter().map(|part| part.as_bytes()).chain(message.iter().copied()).collect()
}
