/* The header's numbers, layouts and types, where programs built with libzmq's header depend on them. Compiling it is
 * the test. */

#include <stddef.h>
#include <zincmq.h>
#include <zmq.h>
#include <zmq_utils.h>

#define IS(name, condition) typedef char name[(condition) ? 1 : -1]

IS (version, ZMQ_VERSION == 40305 && ZMQ_MAKE_VERSION (4, 3, 5) == ZMQ_VERSION);

struct behind_a_char
{
    char first;
    zmq_msg_t msg;
};

IS (msg_size, sizeof (zmq_msg_t) == 64);
IS (msg_alignment, offsetof (struct behind_a_char, msg) == sizeof (void *));
IS (pollitem_fd, offsetof (zmq_pollitem_t, fd) == sizeof (void *));
IS (pollitem_events, offsetof (zmq_pollitem_t, events) == sizeof (void *) + 4);
IS (pollitem_revents, offsetof (zmq_pollitem_t, revents) == sizeof (void *) + 6);
IS (pollitem_size, sizeof (zmq_pollitem_t) == sizeof (void *) + 8);

IS (errors, EFSM == 156384763 && ENOCOMPATPROTO == 156384764 && ETERM == 156384765 && EMTHREAD == 156384766);
IS (types, ZMQ_PAIR == 0 && ZMQ_XREQ == 5 && ZMQ_XREP == 6 && ZMQ_STREAM == 11);
IS (flags, ZMQ_DONTWAIT == 1 && ZMQ_NOBLOCK == 1 && ZMQ_SNDMORE == 2);
IS (first_and_last_option, ZMQ_AFFINITY == 4 && ZMQ_BINDTODEVICE == 92);
IS (aliases, ZMQ_IDENTITY == 5 && ZMQ_CONNECT_RID == 61 && ZMQ_DELAY_ATTACH_ON_CONNECT == 39);
IS (routing_aliases, ZMQ_FAIL_UNROUTABLE == 33 && ZMQ_ROUTER_BEHAVIOR == 33);
IS (context_options, ZMQ_IO_THREADS == 1 && ZMQ_THREAD_NAME_PREFIX == 9 && ZMQ_BLOCKY == 70);
IS (context_defaults, ZMQ_MAX_SOCKETS_DFLT == 1023 && ZMQ_THREAD_PRIORITY_DFLT == -1);
IS (events, ZMQ_EVENT_CONNECTED == 1 && ZMQ_EVENT_HANDSHAKE_FAILED_AUTH == 0x4000 && ZMQ_EVENT_ALL == 0xFFFF);
IS (protocol_errors, ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH == 0x11000002);

IS (stats_size, sizeof (struct zincmq_stats) == 112 && offsetof (struct zincmq_stats, peers) == 64);

#ifdef ZMQ_BUILD_DRAFT_API
IS (draft_types, ZMQ_SERVER == 12 && ZMQ_CHANNEL == 20);
IS (draft_options, ZMQ_ZAP_ENFORCE_DOMAIN == 93 && ZMQ_TOPICS_COUNT == 116 && ZMQ_NORM_PUSH == 124);
IS (draft_events, ZMQ_EVENT_ALL_V2 == 0x1FFFF);
IS (event_user_data, offsetof (zmq_poller_event_t, user_data) == 2 * sizeof (void *));
IS (event_events, offsetof (zmq_poller_event_t, events) == 3 * sizeof (void *));
IS (event_size, sizeof (zmq_poller_event_t) == 4 * sizeof (void *));
#elif defined ZMQ_SERVER || defined ZMQ_TOPICS_COUNT || defined ZMQ_HAVE_POLLER
#error "drafts without being asked for"
#endif

#ifdef ZMQ_EXPORT
#error "ZMQ_EXPORT is the header's own"
#endif

int main (void)
{
    return 0;
}
