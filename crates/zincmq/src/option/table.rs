//! The table: one row an option. The struct, its defaults, the typed names, the rows and a builder's methods all come from
//! it.
//!
//! A row reads: meaning; name = number, field: type, as the form that it has in Rust if that is another, = default, what it
//! takes, access, when it acts, whose it is. Source of meanings and limits: `zmq_setsockopt(3)`, `zmq_getsockopt(3)`.

/// Hands all rows to a macro, which makes of them what it needs.
macro_rules! each_option {
    ($use:ident) => {
        $use! {
            fields {
                /// Bit i lets connections use I/O thread i; 0: any.
                AFFINITY = 4, affinity: u64 = 0, Kind::Mask, SetGet, Later, All;
                /// The name by which ROUTER peers know this socket.
                ROUTING_ID = 5, routing_id: Vec<u8> = Vec::new(), bytes(1, 255), SetGet, Later, All;
                /// The kernel's send buffer in bytes; -1: the system's choice.
                SNDBUF = 11, sndbuf: i32 as Limit = -1, Kind::from(-1), SetGet, Later, All;
                /// The kernel's receive buffer in bytes; -1: the system's choice.
                RCVBUF = 12, rcvbuf: i32 as Limit = -1, Kind::from(-1), SetGet, Later, All;
                /// Milliseconds that unsent messages are kept after close; -1: until sent.
                LINGER = 17, linger: i32 as Wait = -1, Kind::from(-1), SetGet, Now, All;
                /// Milliseconds before a lost connection is tried again; 0 and -1: never.
                RECONNECT_IVL = 18, reconnect_ivl: i32 as Wait = 100, Kind::from(-1), SetGet, Later, All;
                /// Connections the system holds until they are accepted.
                BACKLOG = 19, backlog: i32 as Count = 100, Kind::from(0), SetGet, Later, All;
                /// Milliseconds up to which `RECONNECT_IVL` doubles at each attempt; 0: it stays.
                RECONNECT_IVL_MAX = 21, reconnect_ivl_max: i32 as Time = 0, Kind::from(0), SetGet, Later, All;
                /// The largest part or topic accepted from a peer, in bytes; negative: unlimited. A message may have several
                /// parts: see `MAXMULTIPART` and `MAXPARTS`. The handshake has limits of its own.
                MAXMSGSIZE = 22, maxmsgsize: i64 as Limit = -1, Kind::Long, SetGet, Later, All;
                /// Outbound messages queued per peer; 0: unlimited.
                SNDHWM = 23, sndhwm: i32 as Count = 1000, Kind::from(0), SetGet, Now, All;
                /// Inbound messages queued per peer; 0: unlimited.
                RCVHWM = 24, rcvhwm: i32 as Count = 1000, Kind::from(0), SetGet, Now, All;
                /// Milliseconds that a receive waits; 0: not at all; -1: without end.
                RCVTIMEO = 27, rcvtimeo: i32 as Wait = -1, Kind::from(-1), SetGet, Now, All;
                /// Milliseconds that a send waits; 0: not at all; -1: without end.
                SNDTIMEO = 28, sndtimeo: i32 as Wait = -1, Kind::from(-1), SetGet, Now, All;
                /// Sending to an unknown or full peer fails (EHOSTUNREACH, EAGAIN) instead of dropping the message.
                ROUTER_MANDATORY = 33, router_mandatory: bool = false, POSITIVE, Set, Now, Routers;
                /// TCP keep-alive probes: 0 off, 1 on, -1 the system's choice.
                TCP_KEEPALIVE = 34, tcp_keepalive: i32 as Choice = -1, Kind::int(-1, 1), SetGet, Later, All;
                /// Unanswered keep-alive probes that end a connection; -1: the system's choice.
                TCP_KEEPALIVE_CNT = 35, tcp_keepalive_cnt: i32 as Limit = -1, Kind::from(-1), SetGet, Later, All;
                /// Seconds of silence before the first keep-alive probe; -1: the system's choice.
                TCP_KEEPALIVE_IDLE = 36, tcp_keepalive_idle: i32 as Seconds = -1, Kind::from(-1), SetGet, Later, All;
                /// Seconds between keep-alive probes; -1: the system's choice.
                TCP_KEEPALIVE_INTVL = 37, tcp_keepalive_intvl: i32 as Seconds = -1, Kind::from(-1), SetGet, Later, All;
                /// Adds an address range (`10.0.0.0/8`) that may connect over tcp; empty: all may. Deprecated.
                TCP_ACCEPT_FILTER = 38, tcp_accept_filter: Vec<Subnet> as String = Vec::new(), text(MAX), Set, Later, All;
                /// Queue messages only to completed connections.
                IMMEDIATE = 39, immediate: bool = false, ONE, SetGet, Later, All;
                /// Deliver every subscription, not only the first of each topic; and cancellations as by default.
                XPUB_VERBOSE = 40, xpub_verbose: bool = false, POSITIVE, Set, Now, Publishers;
                /// Speak plain TCP, as STREAM does, which is to be preferred. Deprecated.
                ROUTER_RAW = 41, router_raw: bool = false, POSITIVE, Set, Later, OnlyRouter;
                /// Use IPv6, and IPv4 through it.
                IPV6 = 42, ipv6: bool = false, ONE, SetGet, Later, All;
                /// Send an empty message on each new connection, so that a ROUTER peer learns of this socket.
                PROBE_ROUTER = 51, probe_router: bool = false, POSITIVE, Set, Now, Probers;
                /// Number each request and drop replies to others.
                REQ_CORRELATE = 52, req_correlate: bool = false, POSITIVE, Set, Now, Requesters;
                /// Allow a new request before the reply to the last one.
                REQ_RELAXED = 53, req_relaxed: bool = false, POSITIVE, Set, Now, Requesters;
                /// Keep only the last message of each queue, whatever the high-water marks: what PUSH, PUB and DEALER send,
                /// what PULL, SUB and DEALER receive. Over inproc, if the peer connects before the bind, the peer decides.
                CONFLATE = 54, conflate: bool = false, ONE, SetGet, Later, All;
                /// The security mechanism in use: 0 NULL, 1 PLAIN, 2 CURVE. It follows from the options of the mechanisms.
                MECHANISM = 43, mechanism: i32 = 0, Kind::int(0, 2), Get, Later, All;
                /// Ask a ZAP handler about the user names and passwords of those that connect (PLAIN).
                PLAIN_SERVER = 44, plain_server: bool = false, ONE, SetGet, Later, All;
                /// The user name to connect with (PLAIN); empty: without security.
                PLAIN_USERNAME = 45, plain_username: String = String::new(), text(255), SetGet, Later, All;
                /// The password to connect with (PLAIN); empty: without security. Everybody on the way can read it.
                PLAIN_PASSWORD = 46, plain_password: Secret = Secret::default(), Kind::Secret { max: 255 }, SetGet, Later, All;
                /// Be the side whose public key those that connect know (CURVE); needs `CURVE_SECRETKEY`.
                CURVE_SERVER = 47, curve_server: bool = false, ONE, SetGet, Later, All;
                /// This side's public key, where it connects (CURVE).
                CURVE_PUBLICKEY = 48, curve_publickey: Option<PublicKey> = None, Kind::PublicKey, SetGet, Later, All;
                /// This side's secret key (CURVE).
                CURVE_SECRETKEY = 49, curve_secretkey: Option<SecretKey> = None, Kind::SecretKey, SetGet, Later, All;
                /// The public key of the server to connect to (CURVE).
                CURVE_SERVERKEY = 50, curve_serverkey: Option<PublicKey> = None, Kind::PublicKey, SetGet, Later, All;
                /// The domain that a ZAP handler is told (RFC 27). With a domain, the handler is asked about peers without security,
                /// too, and peers of ZMTP 1.0 and 2.0 are refused. Without a handler see `ZAP_ENFORCE_DOMAIN`.
                ZAP_DOMAIN = 55, zap_domain: String = String::new(), loose_text(255), SetGet, Later, All;
                /// A new peer takes over the routing id of an older one; otherwise it waits until that has gone.
                ROUTER_HANDOVER = 56, router_handover: bool = false, POSITIVE, Set, Now, Routers;
                /// The IP type of service of outgoing packets.
                TOS = 57, tos: i32 = 0, Kind::from(0), SetGet, Later, All;
                /// Adds a process id that may connect over ipc; empty: all may. Deprecated.
                IPC_FILTER_PID = 58, ipc_filter_pid: Vec<u32> as Option<u32> = Vec::new(), Kind::Id, Set, Later, All;
                /// Adds a user id that may connect over ipc; empty: all may. Deprecated.
                IPC_FILTER_UID = 59, ipc_filter_uid: Vec<u32> as Option<u32> = Vec::new(), Kind::Id, Set, Later, All;
                /// Adds a group id that may connect over ipc; empty: all may. Deprecated.
                IPC_FILTER_GID = 60, ipc_filter_gid: Vec<u32> as Option<u32> = Vec::new(), Kind::Id, Set, Later, All;
                /// The routing id of the peer that the next connect reaches; used once.
                CONNECT_ROUTING_ID = 61, connect_routing_id: Option<Vec<u8>> as Vec<u8> = None, bytes(1, MAX), Set, Now, Namers;
                /// Milliseconds that a handshake may take; 0: without limit.
                HANDSHAKE_IVL = 66, handshake_ivl: i32 as Time = 30000, Kind::from(0), SetGet, Later, All;
                /// The SOCKS5 proxy (`[source;]host:port`) that tcp connections go through; empty: none.
                SOCKS_PROXY = 68, socks_proxy: String = String::new(), text(MAX), SetGet, Later, All;
                /// Wait or fail (EAGAIN) when a subscriber's queue is full, instead of dropping.
                XPUB_NODROP = 69, xpub_nodrop: bool = false, POSITIVE, Set, Now, Publishers;
                /// Subscriptions act only when the application, which XPUB tells of them, confirms them with `SUBSCRIBE`.
                XPUB_MANUAL = 71, xpub_manual: bool = false, POSITIVE, Set, Now, Publishers;
                /// A message for each new subscriber; empty: none.
                XPUB_WELCOME_MSG = 72, xpub_welcome_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Now, Publishers;
                /// Deliver an empty message when a peer connects or disconnects.
                STREAM_NOTIFY = 73, stream_notify: bool = true, ONE, Set, Now, OnlyStream;
                /// Publish what does not match; to be set at both ends.
                INVERT_MATCHING = 74, invert_matching: bool = false, NON_ZERO, SetGet, Now, All;
                /// Milliseconds between heartbeats (ZMTP PING); 0: none.
                HEARTBEAT_IVL = 75, heartbeat_ivl: i32 as Time = 0, Kind::from(0), SetGet, Later, All;
                /// Milliseconds of silence after which the peer gives up, in steps of 100; 0: never.
                HEARTBEAT_TTL = 76, heartbeat_ttl: i32 as Time = 0,
                    Kind::Int { min: 0, max: 6_553_599, step: 100 }, SetGet, Later, All;
                /// Milliseconds to wait for any traffic after a heartbeat; 0: without end; -1: as `HEARTBEAT_IVL`.
                HEARTBEAT_TIMEOUT = 77, heartbeat_timeout: i32 as Time = -1, Kind::from(0), SetGet, Later, All;
                /// Deliver every subscription and every cancellation.
                XPUB_VERBOSER = 78, xpub_verboser: bool = false, POSITIVE, Set, Now, Publishers;
                /// Milliseconds that a connection attempt may take; 0: the system's limit.
                CONNECT_TIMEOUT = 79, connect_timeout: i32 as Time = 0, Kind::from(0), SetGet, Later, All;
                /// Milliseconds that sent bytes may stay unacknowledged (TCP_USER_TIMEOUT); 0: the system's choice.
                TCP_MAXRT = 80, tcp_maxrt: i32 as Time = 0, Kind::from(0), SetGet, Later, All;
                /// A listening descriptor, made elsewhere, for the next bind to use; -1: none.
                USE_FD = 89, use_fd: i32 as Descriptor = -1, Kind::from(-1), SetGet, Later, All;
                /// The network device to use; empty: any. Needs privileges.
                BINDTODEVICE = 92, bindtodevice: String = String::new(), text(16), SetGet, Later, All;
                /// Refuse peers when a ZAP domain is set and there is no handler; and ask no handler about the keys of CURVE without a
                /// domain.
                ZAP_ENFORCE_DOMAIN = 93, zap_enforce_domain: bool = false, NON_ZERO, SetGet, Later, All;
                /// The greatest rate at which a multicast source sends, in kilobits a second, IP headers included; repairs come on top.
                /// Without effect on other transports.
                RATE = 8, rate: i32 as Count = 100, Kind::from(1), SetGet, Later, All;
                /// Milliseconds of sending at `RATE` that a multicast endpoint keeps for repair, 1 GiB at most: this many bytes, divided by
                /// `MULTICAST_MAXTPDU`, are the packets of its window. Without effect on other transports.
                RECOVERY_IVL = 9, recovery_ivl: i32 as Time = 10000, Kind::from(0), SetGet, Later, All;
                /// Routers that the packets of a multicast source may pass, plus one; without effect on other transports.
                MULTICAST_HOPS = 25, multicast_hops: i32 as Count = 1, Kind::int(1, 255), SetGet, Later, All;
                /// The largest packet of a multicast source, in bytes, IP headers included; without effect on other transports.
                MULTICAST_MAXTPDU = 84, multicast_maxtpdu: i32 as Count = 1500, Kind::int(1, 65535), SetGet, Later, All;
                /// Whether other programs of this machine hear a multicast source. libzmq ignores it: they do not, but over loopback.
                /// Without effect on other transports.
                MULTICAST_LOOP = 96, multicast_loop: bool = true, ONE, SetGet, Later, All;
                /// What libzmq gathers at most before it writes, in bytes; without effect, since the queue itself is written.
                OUT_BATCH_SIZE = 102, out_batch_size: i32 as Count = 8192, Kind::from(1), SetGet, Later, All;
                /// A faster loopback on Windows; without effect elsewhere.
                LOOPBACK_FASTPATH = 94, loopback_fastpath: bool = false, NON_ZERO, SetGet, Later, All;
                /// Adds a property `X-name:value` that peers learn in the handshake.
                METADATA = 95, metadata: Vec<(String, Vec<u8>)> as String = Vec::new(), text(MAX), Set, Later, All;
                /// Deliver an empty message when a peer connects (1), disconnects (2), or both (3).
                ROUTER_NOTIFY = 97, router_notify: i32 = 0, Kind::int(0, 3), SetGet, Later, Routers;
                /// As `XPUB_MANUAL`, and the next message goes to the last subscriber only.
                XPUB_MANUAL_LAST_VALUE = 98, xpub_manual_last_value: bool = false, POSITIVE, Set, Now, Publishers;
                /// The user name for the SOCKS5 proxy; empty: no authentication.
                SOCKS_USERNAME = 99, socks_username: String = String::new(), loose_text(255), SetGet, Later, All;
                /// The password for the SOCKS5 proxy.
                SOCKS_PASSWORD = 100, socks_password: String = String::new(), loose_text(255), SetGet, Later, All;
                /// The longest chunk that a STREAM socket delivers, in bytes; other types read as much as is there.
                IN_BATCH_SIZE = 101, in_batch_size: i32 as Count = 8192, Kind::from(1), SetGet, Later, All;
                /// Only the first part of a message may be a subscription.
                ONLY_FIRST_SUBSCRIBE = 108, only_first_subscribe: bool = false, POSITIVE, Set, Now, SubscriptionReaders;
                /// Stop reconnecting: 1 when refused, 2 when the handshake fails, 4 to send what is left after a
                /// disconnect; sums of these.
                RECONNECT_STOP = 109, reconnect_stop: i32 = 0, Kind::int(0, 7), SetGet, Later, All;
                /// The first message to every new peer; empty: none.
                HELLO_MSG = 110, hello_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Later, All;
                /// A message this socket receives when a peer leaves; empty: none.
                DISCONNECT_MSG = 111, disconnect_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Later, All;
                /// The system's priority of outgoing packets (SO_PRIORITY); 0: its choice.
                PRIORITY = 112, priority: i32 = 0, Kind::from(0), SetGet, Later, All;
                /// Microseconds that the kernel polls the network device for (SO_BUSY_POLL); 0: its choice.
                BUSY_POLL = 113, busy_poll: i32 as Micros = 0, ANY_INT, SetGet, Later, All;
                /// A message this socket receives when a connection it made is lost; empty: none.
                HICCUP_MSG = 114, hiccup_msg: Vec<u8> = Vec::new(), bytes(0, MAX), Set, Later, All;
                /// Forward every cancellation, not only the last of each topic.
                XSUB_VERBOSE_UNSUBSCRIBE = 115, xsub_verbose_unsubscribe: bool = false, NON_ZERO, Set, Now, OnlyXSub;
                /// The largest message accepted from a peer, in bytes over all parts, 16 for each part included;
                /// negative: unlimited.
                MAXMULTIPART = OWN, maxmultipart: i64 as Limit = -1, Kind::Long, SetGet, Later, All;
                /// The most parts of a message accepted from a peer; 0: unlimited. A peer that sends more loses its connection.
                MAXPARTS = OWN + 1, maxparts: i32 as Count = 1_000_000, Kind::from(0), SetGet, Later, All;
                /// The most handshakes under way at one bound endpoint; 0: unlimited. Further connections wait in the system's queue
                /// (`BACKLOG`) until some have ended, within `HANDSHAKE_IVL` at the latest.
                MAXHANDSHAKES = OWN + 2, maxhandshakes: i32 as Count = 8192, Kind::from(0), SetGet, Later, All;
                /// The most handshakes under way at one bound endpoint from one address; 0: unlimited. Further connections from there
                /// are closed.
                MAXHANDSHAKES_ADDRESS = OWN + 3, maxhandshakes_address: i32 as Count = 0, Kind::from(0), SetGet, Later, All;
                /// Microseconds for which a thread that waits on this socket looks awake before it sleeps; 0: for 40 at most, where that has
                /// paid off lately. The default is that of the context (`ContextBuilder::spin`).
                SPIN = OWN + 4, spin: i32 as Micros = 0, Kind::from(0), SetGet, Now, All;
            }
            state {
                /// Subscribes to all messages that begin with these bytes.
                SUBSCRIBE = 6, bytes(0, MAX), Set, Subscribers;
                /// Takes one such subscription back.
                UNSUBSCRIBE = 7, bytes(0, MAX), Set, Subscribers;
                /// More parts of the message just received follow.
                RCVMORE = 13, ONE, Get, All;
                /// A descriptor that becomes readable when `EVENTS` may have changed.
                FD = 14, ANY_INT, Get, All;
                /// Readiness: 1 to receive, 2 to send.
                EVENTS = 15, Kind::int(0, 3), Get, All;
                /// The number of the socket type.
                TYPE = 16, Kind::from(0), Get, All;
                /// The endpoint of the last bind or connect, wildcards resolved.
                LAST_ENDPOINT = 32, text(MAX), Get, All;
                /// Whether several threads may use the socket.
                THREAD_SAFE = 81, ONE, Get, All;
                /// How many distinct topics are subscribed to.
                TOPICS_COUNT = 116, Kind::from(0), Get, Topics;
            }
        }
    };
}
pub(crate) use each_option;
