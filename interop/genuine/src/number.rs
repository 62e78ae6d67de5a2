//! The numbers of `zmq.h`, by the header's names without the prefix; the manual says what they mean.

macro_rules! numbers {
    ($($(#[$doc:meta])* $module:ident: $type:ty { $($name:ident = $value:expr,)* })*) => {$(
        $(#[$doc])*
        #[allow(missing_docs)]
        pub mod $module {
            $(pub const $name: $type = $value;)*
        }
    )*};
}

numbers! {
    /// Socket types.
    kind: i32 {
        PAIR = 0, PUB = 1, SUB = 2, REQ = 3, REP = 4, DEALER = 5, ROUTER = 6, PULL = 7, PUSH = 8, XPUB = 9,
        XSUB = 10, STREAM = 11,
    }

    /// Flags of send and receive.
    flag: i32 {
        DONTWAIT = 1, SNDMORE = 2,
    }

    /// Events to poll for.
    event: i16 {
        POLLIN = 1, POLLOUT = 2, POLLERR = 4, POLLPRI = 8,
    }

    /// Context options.
    context_option: i32 {
        IO_THREADS = 1, MAX_SOCKETS = 2, SOCKET_LIMIT = 3, MAX_MSGSZ = 5, IPV6 = 42, BLOCKY = 70,
    }

    /// Socket options.
    option: i32 {
        AFFINITY = 4, ROUTING_ID = 5, SUBSCRIBE = 6, UNSUBSCRIBE = 7, SNDBUF = 11, RCVBUF = 12,
        RCVMORE = 13, FD = 14, EVENTS = 15, TYPE = 16, LINGER = 17, RECONNECT_IVL = 18, BACKLOG = 19,
        RECONNECT_IVL_MAX = 21, MAXMSGSIZE = 22, SNDHWM = 23, RCVHWM = 24, RCVTIMEO = 27, SNDTIMEO = 28,
        LAST_ENDPOINT = 32, ROUTER_MANDATORY = 33, TCP_KEEPALIVE = 34, IMMEDIATE = 39, XPUB_VERBOSE = 40,
        IPV6 = 42, MECHANISM = 43, PLAIN_SERVER = 44, PLAIN_USERNAME = 45, PLAIN_PASSWORD = 46,
        CURVE_SERVER = 47, CURVE_PUBLICKEY = 48, CURVE_SECRETKEY = 49, CURVE_SERVERKEY = 50,
        PROBE_ROUTER = 51, REQ_CORRELATE = 52, REQ_RELAXED = 53, CONFLATE = 54, ZAP_DOMAIN = 55,
        ROUTER_HANDOVER = 56, CONNECT_ROUTING_ID = 61, HANDSHAKE_IVL = 66, XPUB_NODROP = 69,
        XPUB_MANUAL = 71, XPUB_WELCOME_MSG = 72, STREAM_NOTIFY = 73, INVERT_MATCHING = 74,
        HEARTBEAT_IVL = 75, HEARTBEAT_TTL = 76, HEARTBEAT_TIMEOUT = 77, XPUB_VERBOSER = 78,
        CONNECT_TIMEOUT = 79,
    }
}
