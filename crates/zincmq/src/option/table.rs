//! The table: one row an option. The struct, its defaults, the typed names and the rows all come from it.
//!
//! A row reads: meaning; name = number, field: type = default, what it takes, access, when it acts, where
//! (`ALL`: every socket type). Source of meanings and limits: `zmq_setsockopt(3)`, `zmq_getsockopt(3)`.

use super::list::Subnet;
use super::row::Access::{Get, Set, SetGet};
use super::row::Effect::{Later, Now};
use super::row::{FlagKind, Kind, OWN, OptionKey, Row};
use super::value::{Field, OptionType, Value};
use crate::socket_type::SocketType;
use zmtp::{PublicKey, Secret, SecretKey};

/// Reads and writes the field behind a row.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) get: fn(&Options) -> Value,
    /// `None`: the value has the wrong form.
    pub(super) set: fn(&mut Options, Value) -> Option<()>,
}

const ALL: &[SocketType] = &[];
const REQUESTERS: &[SocketType] = &[SocketType::Req];
const ROUTERS: &[SocketType] = &[SocketType::Router, SocketType::Rep];
const PROBERS: &[SocketType] = &[SocketType::Router, SocketType::Dealer, SocketType::Req, SocketType::Rep];
const NAMERS: &[SocketType] = &[SocketType::Router, SocketType::Rep, SocketType::Stream];
const ROUTER: &[SocketType] = &[SocketType::Router];
const STREAM: &[SocketType] = &[SocketType::Stream];
const PUBLISHERS: &[SocketType] = &[SocketType::XPub, SocketType::Pub];
const SUBSCRIPTION_READERS: &[SocketType] = &[SocketType::XPub, SocketType::Pub, SocketType::XSub];
const SUBSCRIBERS: &[SocketType] = &[SocketType::Sub, SocketType::XPub, SocketType::Pub];
const XSUB: &[SocketType] = &[SocketType::XSub];
const TOPICS: &[SocketType] = &[SocketType::Pub, SocketType::XPub, SocketType::Sub, SocketType::XSub];

const MAX: usize = usize::MAX;
const ANY_INT: Kind = Kind::int(i32::MIN, i32::MAX);
const ONE: Kind = Kind::Flag(FlagKind::One);
const POSITIVE: Kind = Kind::Flag(FlagKind::Positive);
const NON_ZERO: Kind = Kind::Flag(FlagKind::NonZero);

const fn text(max: usize) -> Kind {
    Kind::Text { max, strict: true }
}

const fn loose_text(max: usize) -> Kind {
    Kind::Text { max, strict: false }
}

const fn bytes(min: usize, max: usize) -> Kind {
    Kind::Bytes { min, max }
}

macro_rules! options {
    (
        fields {
            $($(#[doc = $doc:literal])+
            $name:ident = $number:expr, $field:ident: $ty:ty = $default:expr,
                $kind:expr, $access:ident, $effect:ident, $applies:ident;)+
        }
        state {
            $($(#[doc = $state_doc:literal])+
            $state:ident = $state_number:expr, $state_kind:expr, $state_access:ident, $state_applies:ident;)+
        }
    ) => {
        /// All options of one socket that are settings, not state. The fields are named as the options.
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub struct Options {
            $($(#[doc = $doc])+ pub $field: $ty,)+
        }

        impl Default for Options {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        $($(#[doc = $doc])+
        pub const $name: OptionKey<<$ty as Field>::Value> = OptionKey::new(&Row {
            name: stringify!($name),
            number: $number,
            kind: $kind,
            access: $access,
            effect: $effect,
            applies: $applies,
            lines: concat!($($doc),+),
            state: false,
        });)+

        /// The cell of the option of this number; none if the socket itself keeps it.
        pub(super) fn cell(number: i32) -> Option<Cell> {
            $(if number == $number {
                return Some(Cell {
                    get: |options| options.$field.read().into(),
                    set: |options, value| options.$field.write(OptionType::from_value(value)?),
                });
            })+
            (number == IPV4ONLY.number).then_some(Cell {
                get: |options| (!options.ipv6).into(),
                set: |options, value| options.ipv6.write(!bool::from_value(value)?),
            })
        }

        const ROWS: &[&Row] = &[
            $($name.row(),)+
            &IPV4ONLY,
            $(&Row {
                name: stringify!($state),
                number: $state_number,
                kind: $state_kind,
                access: $state_access,
                effect: Now,
                applies: $state_applies,
                lines: concat!($($state_doc),+),
                state: true,
            },)+
        ];
    };
}

options! {
fields {
    /// Bit i lets connections use I/O thread i; 0: any.
    AFFINITY = 4, affinity: u64 = 0, Kind::Mask, SetGet, Later, ALL;
    /// The name by which ROUTER peers know this socket.
    ROUTING_ID = 5, routing_id: Vec<u8> = Vec::new(), bytes(1, 255), SetGet, Later, ALL;
    /// The kernel's send buffer in bytes; -1: the system's choice.
    SNDBUF = 11, sndbuf: i32 = -1, Kind::from(-1), SetGet, Later, ALL;
    /// The kernel's receive buffer in bytes; -1: the system's choice.
    RCVBUF = 12, rcvbuf: i32 = -1, Kind::from(-1), SetGet, Later, ALL;
    /// Milliseconds that unsent messages are kept after close; -1: until sent.
    LINGER = 17, linger: i32 = -1, Kind::from(-1), SetGet, Now, ALL;
    /// Milliseconds before a lost connection is tried again; 0 and -1: never.
    RECONNECT_IVL = 18, reconnect_ivl: i32 = 100, Kind::from(-1), SetGet, Later, ALL;
    /// Connections the system holds until they are accepted.
    BACKLOG = 19, backlog: i32 = 100, Kind::from(0), SetGet, Later, ALL;
    /// Milliseconds up to which `RECONNECT_IVL` doubles at each attempt; 0: it stays.
    RECONNECT_IVL_MAX = 21, reconnect_ivl_max: i32 = 0, Kind::from(0), SetGet, Later, ALL;
    /// The largest part or topic accepted from a peer, in bytes; negative: unlimited. A message may have several
    /// parts: see `MAXMULTIPART` and `MAXPARTS`. The handshake has limits of its own.
    MAXMSGSIZE = 22, maxmsgsize: i64 = -1, Kind::Long, SetGet, Later, ALL;
    /// Outbound messages queued per peer; 0: unlimited.
    SNDHWM = 23, sndhwm: i32 = 1000, Kind::from(0), SetGet, Now, ALL;
    /// Inbound messages queued per peer; 0: unlimited.
    RCVHWM = 24, rcvhwm: i32 = 1000, Kind::from(0), SetGet, Now, ALL;
    /// Milliseconds that a receive waits; 0: not at all; -1: without end.
    RCVTIMEO = 27, rcvtimeo: i32 = -1, Kind::from(-1), SetGet, Now, ALL;
    /// Milliseconds that a send waits; 0: not at all; -1: without end.
    SNDTIMEO = 28, sndtimeo: i32 = -1, Kind::from(-1), SetGet, Now, ALL;
    /// Sending to an unknown or full peer fails (EHOSTUNREACH, EAGAIN) instead of dropping the message.
    ROUTER_MANDATORY = 33, router_mandatory: bool = false, POSITIVE, Set, Now, ROUTERS;
    /// TCP keep-alive probes: 0 off, 1 on, -1 the system's choice.
    TCP_KEEPALIVE = 34, tcp_keepalive: i32 = -1, Kind::int(-1, 1), SetGet, Later, ALL;
    /// Unanswered keep-alive probes that end a connection; -1: the system's choice.
    TCP_KEEPALIVE_CNT = 35, tcp_keepalive_cnt: i32 = -1, Kind::from(-1), SetGet, Later, ALL;
    /// Seconds of silence before the first keep-alive probe; -1: the system's choice.
    TCP_KEEPALIVE_IDLE = 36, tcp_keepalive_idle: i32 = -1, Kind::from(-1), SetGet, Later, ALL;
    /// Seconds between keep-alive probes; -1: the system's choice.
    TCP_KEEPALIVE_INTVL = 37, tcp_keepalive_intvl: i32 = -1, Kind::from(-1), SetGet, Later, ALL;
    /// Adds an address range (`10.0.0.0/8`) that may connect over tcp; empty: all may. Deprecated.
    TCP_ACCEPT_FILTER = 38, tcp_accept_filter: Vec<Subnet> = Vec::new(), text(MAX), Set, Later, ALL;
    /// Queue messages only to completed connections.
    IMMEDIATE = 39, immediate: bool = false, ONE, SetGet, Later, ALL;
    /// Deliver every subscription, not only the first of each topic; and cancellations as by default.
    XPUB_VERBOSE = 40, xpub_verbose: bool = false, POSITIVE, Set, Now, PUBLISHERS;
    /// Speak plain TCP, as STREAM does, which is to be preferred. Deprecated.
    ROUTER_RAW = 41, router_raw: bool = false, POSITIVE, Set, Later, ROUTER;
    /// Use IPv6, and IPv4 through it.
    IPV6 = 42, ipv6: bool = false, ONE, SetGet, Later, ALL;
    /// Send an empty message on each new connection, so that a ROUTER peer learns of this socket.
    PROBE_ROUTER = 51, probe_router: bool = false, POSITIVE, Set, Now, PROBERS;
    /// Number each request and drop replies to others.
    REQ_CORRELATE = 52, req_correlate: bool = false, POSITIVE, Set, Now, REQUESTERS;
    /// Allow a new request before the reply to the last one.
    REQ_RELAXED = 53, req_relaxed: bool = false, POSITIVE, Set, Now, REQUESTERS;
    /// Keep only the last message of each queue, whatever the high-water marks: what PUSH, PUB and DEALER send,
    /// what PULL, SUB and DEALER receive. Over inproc, if the peer connects before the bind, the peer decides.
    CONFLATE = 54, conflate: bool = false, ONE, SetGet, Later, ALL;
    /// The security mechanism in use: 0 NULL, 1 PLAIN, 2 CURVE. It follows from the options of the mechanisms.
    MECHANISM = 43, mechanism: i32 = 0, Kind::int(0, 2), Get, Later, ALL;
    /// Ask a ZAP handler about the user names and passwords of those that connect (PLAIN).
    PLAIN_SERVER = 44, plain_server: bool = false, ONE, SetGet, Later, ALL;
    /// The user name to connect with (PLAIN); empty: without security.
    PLAIN_USERNAME = 45, plain_username: String = String::new(), text(255), SetGet, Later, ALL;
    /// The password to connect with (PLAIN); empty: without security. Everybody on the way can read it.
    PLAIN_PASSWORD = 46, plain_password: Secret = Secret::default(), Kind::Secret { max: 255 }, SetGet, Later, ALL;
    /// Be the side whose public key those that connect know (CURVE); needs `CURVE_SECRETKEY`.
    CURVE_SERVER = 47, curve_server: bool = false, ONE, SetGet, Later, ALL;
    /// This side's public key, where it connects (CURVE).
    CURVE_PUBLICKEY = 48, curve_publickey: Option<PublicKey> = None, Kind::PublicKey, SetGet, Later, ALL;
    /// This side's secret key (CURVE).
    CURVE_SECRETKEY = 49, curve_secretkey: Option<SecretKey> = None, Kind::SecretKey, SetGet, Later, ALL;
    /// The public key of the server to connect to (CURVE).
    CURVE_SERVERKEY = 50, curve_serverkey: Option<PublicKey> = None, Kind::PublicKey, SetGet, Later, ALL;
    /// The domain that a ZAP handler is told (RFC 27). With a domain, the handler is asked about peers without security,
    /// too, and peers of ZMTP 1.0 and 2.0 are refused. Without a handler see `ZAP_ENFORCE_DOMAIN`.
    ZAP_DOMAIN = 55, zap_domain: String = String::new(), loose_text(255), SetGet, Later, ALL;
    /// A new peer takes over the routing id of an older one; otherwise it waits until that has gone.
    ROUTER_HANDOVER = 56, router_handover: bool = false, POSITIVE, Set, Now, ROUTERS;
    /// The IP type of service of outgoing packets.
    TOS = 57, tos: i32 = 0, Kind::from(0), SetGet, Later, ALL;
    /// Adds a process id that may connect over ipc; empty: all may. Deprecated.
    IPC_FILTER_PID = 58, ipc_filter_pid: Vec<u32> = Vec::new(), Kind::Id, Set, Later, ALL;
    /// Adds a user id that may connect over ipc; empty: all may. Deprecated.
    IPC_FILTER_UID = 59, ipc_filter_uid: Vec<u32> = Vec::new(), Kind::Id, Set, Later, ALL;
    /// Adds a group id that may connect over ipc; empty: all may. Deprecated.
    IPC_FILTER_GID = 60, ipc_filter_gid: Vec<u32> = Vec::new(), Kind::Id, Set, Later, ALL;
    /// The routing id of the peer that the next connect reaches; used once.
    CONNECT_ROUTING_ID = 61, connect_routing_id: Option<Vec<u8>> = None, bytes(1, MAX), Set, Now, NAMERS;
    /// Milliseconds that a handshake may take; 0: without limit.
    HANDSHAKE_IVL = 66, handshake_ivl: i32 = 30000, Kind::from(0), SetGet, Later, ALL;
    /// The SOCKS5 proxy (`[source;]host:port`) that tcp connections go through; empty: none.
    SOCKS_PROXY = 68, socks_proxy: String = String::new(), text(MAX), SetGet, Later, ALL;
    /// Wait or fail (EAGAIN) when a subscriber's queue is full, instead of dropping.
    XPUB_NODROP = 69, xpub_nodrop: bool = false, POSITIVE, Set, Now, PUBLISHERS;
    /// Subscriptions act only when the application confirms them with `SUBSCRIBE`.
    XPUB_MANUAL = 71, xpub_manual: bool = false, POSITIVE, Set, Now, PUBLISHERS;
    /// A message for each new subscriber; empty: none.
    XPUB_WELCOME_MSG = 72, xpub_welcome_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Now, PUBLISHERS;
    /// Deliver an empty message when a peer connects or disconnects.
    STREAM_NOTIFY = 73, stream_notify: bool = true, ONE, Set, Now, STREAM;
    /// Publish what does not match; to be set at both ends.
    INVERT_MATCHING = 74, invert_matching: bool = false, NON_ZERO, SetGet, Now, ALL;
    /// Milliseconds between heartbeats (ZMTP PING); 0: none.
    HEARTBEAT_IVL = 75, heartbeat_ivl: i32 = 0, Kind::from(0), SetGet, Later, ALL;
    /// Milliseconds of silence after which the peer gives up, in steps of 100; 0: never.
    HEARTBEAT_TTL = 76, heartbeat_ttl: i32 = 0,
        Kind::Int { min: 0, max: 6_553_599, step: 100 }, SetGet, Later, ALL;
    /// Milliseconds to wait for any traffic after a heartbeat; 0: without end; -1: as `HEARTBEAT_IVL`.
    HEARTBEAT_TIMEOUT = 77, heartbeat_timeout: i32 = -1, Kind::from(0), SetGet, Later, ALL;
    /// Deliver every subscription and every cancellation.
    XPUB_VERBOSER = 78, xpub_verboser: bool = false, POSITIVE, Set, Now, PUBLISHERS;
    /// Milliseconds that a connection attempt may take; 0: the system's limit.
    CONNECT_TIMEOUT = 79, connect_timeout: i32 = 0, Kind::from(0), SetGet, Later, ALL;
    /// Milliseconds that sent bytes may stay unacknowledged (TCP_USER_TIMEOUT); 0: the system's choice.
    TCP_MAXRT = 80, tcp_maxrt: i32 = 0, Kind::from(0), SetGet, Later, ALL;
    /// A listening descriptor, made elsewhere, for the next bind to use; -1: none.
    USE_FD = 89, use_fd: i32 = -1, Kind::from(-1), SetGet, Later, ALL;
    /// The network device to use; empty: any. Needs privileges.
    BINDTODEVICE = 92, bindtodevice: String = String::new(), text(16), SetGet, Later, ALL;
    /// Refuse peers when a ZAP domain is set and there is no handler; and ask no handler about the keys of CURVE without a
    /// domain.
    ZAP_ENFORCE_DOMAIN = 93, zap_enforce_domain: bool = false, NON_ZERO, SetGet, Later, ALL;
    /// The greatest rate at which a multicast source sends, in kilobits a second, IP headers included; repairs come on top.
    /// Without effect on other transports.
    RATE = 8, rate: i32 = 100, Kind::from(1), SetGet, Later, ALL;
    /// Milliseconds of sending at `RATE` that a multicast endpoint keeps for repair, 1 GiB at most: this many bytes, divided by
    /// `MULTICAST_MAXTPDU`, are the packets of its window. Without effect on other transports.
    RECOVERY_IVL = 9, recovery_ivl: i32 = 10000, Kind::from(0), SetGet, Later, ALL;
    /// Routers that the packets of a multicast source may pass, plus one; without effect on other transports.
    MULTICAST_HOPS = 25, multicast_hops: i32 = 1, Kind::int(1, 255), SetGet, Later, ALL;
    /// The largest packet of a multicast source, in bytes, IP headers included; without effect on other transports.
    MULTICAST_MAXTPDU = 84, multicast_maxtpdu: i32 = 1500, Kind::int(1, 65535), SetGet, Later, ALL;
    /// Whether other programs of this machine hear a multicast source. libzmq ignores it: they do not, but over loopback.
    /// Without effect on other transports.
    MULTICAST_LOOP = 96, multicast_loop: bool = true, ONE, SetGet, Later, ALL;
    /// What libzmq gathers at most before it writes, in bytes; without effect, since the queue itself is written.
    OUT_BATCH_SIZE = 102, out_batch_size: i32 = 8192, Kind::from(1), SetGet, Later, ALL;
    /// A faster loopback on Windows; without effect elsewhere.
    LOOPBACK_FASTPATH = 94, loopback_fastpath: bool = false, NON_ZERO, SetGet, Later, ALL;
    /// Adds a property `X-name:value` that peers learn in the handshake.
    METADATA = 95, metadata: Vec<(String, Vec<u8>)> = Vec::new(), text(MAX), Set, Later, ALL;
    /// Deliver an empty message when a peer connects (1), disconnects (2), or both (3).
    ROUTER_NOTIFY = 97, router_notify: i32 = 0, Kind::int(0, 3), SetGet, Later, ROUTERS;
    /// As `XPUB_MANUAL`, and the next message goes to the last subscriber only.
    XPUB_MANUAL_LAST_VALUE = 98, xpub_manual_last_value: bool = false, POSITIVE, Set, Now, PUBLISHERS;
    /// The user name for the SOCKS5 proxy; empty: no authentication.
    SOCKS_USERNAME = 99, socks_username: String = String::new(), loose_text(255), SetGet, Later, ALL;
    /// The password for the SOCKS5 proxy.
    SOCKS_PASSWORD = 100, socks_password: String = String::new(), loose_text(255), SetGet, Later, ALL;
    /// The longest chunk that a STREAM socket delivers, in bytes; other types read as much as is there.
    IN_BATCH_SIZE = 101, in_batch_size: i32 = 8192, Kind::from(1), SetGet, Later, ALL;
    /// Only the first part of a message may be a subscription.
    ONLY_FIRST_SUBSCRIBE = 108, only_first_subscribe: bool = false, POSITIVE, Set, Now, SUBSCRIPTION_READERS;
    /// Stop reconnecting: 1 when refused, 2 when the handshake fails, 4 to send what is left after a
    /// disconnect; sums of these.
    RECONNECT_STOP = 109, reconnect_stop: i32 = 0, Kind::int(0, 7), SetGet, Later, ALL;
    /// The first message to every new peer; empty: none.
    HELLO_MSG = 110, hello_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Later, ALL;
    /// A message this socket receives when a peer leaves; empty: none.
    DISCONNECT_MSG = 111, disconnect_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Later, ALL;
    /// The system's priority of outgoing packets (SO_PRIORITY); 0: its choice.
    PRIORITY = 112, priority: i32 = 0, Kind::from(0), SetGet, Later, ALL;
    /// Microseconds that the kernel polls the network device for (SO_BUSY_POLL); 0: its choice.
    BUSY_POLL = 113, busy_poll: i32 = 0, ANY_INT, SetGet, Later, ALL;
    /// A message this socket receives when a connection it made is lost; empty: none.
    HICCUP_MSG = 114, hiccup_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Later, ALL;
    /// Forward every cancellation, not only the last of each topic.
    XSUB_VERBOSE_UNSUBSCRIBE = 115, xsub_verbose_unsubscribe: bool = false, NON_ZERO, Set, Now, XSUB;
    /// The largest message accepted from a peer, in bytes over all parts, 16 for each part included;
    /// negative: unlimited.
    MAXMULTIPART = OWN, maxmultipart: i64 = -1, Kind::Long, SetGet, Later, ALL;
    /// The most parts of a message accepted from a peer; 0: unlimited. A peer that sends more loses its connection.
    MAXPARTS = OWN + 1, maxparts: i32 = 1_000_000, Kind::from(0), SetGet, Later, ALL;
    /// The most handshakes under way at one bound endpoint; 0: unlimited. Further connections wait in the system's queue
    /// (`BACKLOG`) until some have ended, within `HANDSHAKE_IVL` at the latest.
    MAXHANDSHAKES = OWN + 2, maxhandshakes: i32 = 8192, Kind::from(0), SetGet, Later, ALL;
    /// The most handshakes under way at one bound endpoint from one address; 0: unlimited. Further connections from there
    /// are closed.
    MAXHANDSHAKES_ADDRESS = OWN + 3, maxhandshakes_address: i32 = 0, Kind::from(0), SetGet, Later, ALL;
}
state {
    /// Subscribes to all messages that begin with these bytes.
    SUBSCRIBE = 6, bytes(0, MAX), Set, SUBSCRIBERS;
    /// Takes one such subscription back.
    UNSUBSCRIBE = 7, bytes(0, MAX), Set, SUBSCRIBERS;
    /// More parts of the message just received follow.
    RCVMORE = 13, ONE, Get, ALL;
    /// A descriptor that becomes readable when `EVENTS` may have changed.
    FD = 14, ANY_INT, Get, ALL;
    /// Readiness: 1 to receive, 2 to send.
    EVENTS = 15, Kind::int(0, 3), Get, ALL;
    /// The number of the socket type.
    TYPE = 16, Kind::from(0), Get, ALL;
    /// The endpoint of the last bind or connect, wildcards resolved.
    LAST_ENDPOINT = 32, text(MAX), Get, ALL;
    /// Whether several threads may use the socket.
    THREAD_SAFE = 81, ONE, Get, ALL;
    /// How many distinct topics are subscribed to.
    TOPICS_COUNT = 116, Kind::from(0), Get, TOPICS;
}
}

/// The reverse of `IPV6`, over the same field.
const IPV4ONLY: Row = Row {
    name: "IPV4ONLY",
    number: 31,
    kind: ONE,
    access: SetGet,
    effect: Later,
    applies: ALL,
    lines: " Do not use IPv6. Deprecated: use `IPV6`.",
    state: false,
};

/// Other names in C, and what they stand for.
const ALIASES: [(&str, &str); 5] = [
    ("IDENTITY", "ROUTING_ID"),
    ("FAIL_UNROUTABLE", "ROUTER_MANDATORY"),
    ("ROUTER_BEHAVIOR", "ROUTER_MANDATORY"),
    ("DELAY_ATTACH_ON_CONNECT", "IMMEDIATE"),
    ("CONNECT_RID", "CONNECT_ROUTING_ID"),
];

/// Every option, settings before state.
#[must_use]
pub const fn rows() -> &'static [&'static Row] {
    ROWS
}

/// The option of this number in C.
#[must_use]
pub fn by_number(number: i32) -> Option<&'static Row> {
    ROWS.iter().copied().find(|row| row.number == number)
}

/// The option of this name, capitals or not, with its C prefix or without: `SNDHWM`, `zmq_sndhwm`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Row> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("ZMQ_").or_else(|| upper.strip_prefix("ZINCMQ_")).unwrap_or(&upper);
    let bare = ALIASES.iter().find(|(alias, _)| *alias == bare).map_or(bare, |(_, name)| name);
    ROWS.iter().copied().find(|row| row.name == bare)
}
