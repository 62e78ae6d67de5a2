/* Prints what happens to the connections of a server while one client comes, asks and goes.
 * monitor [ENDPOINT] */

#include "common.h"

static const char *name_of (unsigned event)
{
    switch (event) {
        case ZMQ_EVENT_LISTENING:
            return "listening";
        case ZMQ_EVENT_ACCEPTED:
            return "accepted";
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            return "handshake succeeded";
        case ZMQ_EVENT_DISCONNECTED:
            return "disconnected";
        case ZMQ_EVENT_CLOSED:
            return "closed";
        case ZMQ_EVENT_MONITOR_STOPPED:
            return "monitor stopped";
        default:
            return "something else";
    }
}

/* Reads one event: 16 bits that say what, 32 bits with a value, and in a second part the endpoint. */
static unsigned next_event (void *events)
{
    unsigned char what[6];
    char endpoint[256];
    uint16_t event;

    MUST (zmq_recv (events, what, sizeof what, 0) == sizeof what);
    receive_text (events, endpoint);
    memcpy (&event, what, sizeof event);
    printf ("%s\n", name_of (event));
    return event;
}

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *server = open_socket (context, ZMQ_REP);
    const char *endpoint = ARGUMENT (1, "tcp://127.0.0.1:5560");
    const int wanted = ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED
                       | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_MONITOR_STOPPED;
    void *events, *client;
    char text[256];

    MUST (zmq_socket_monitor (server, "inproc://events", wanted) == 0);
    events = connected (context, ZMQ_PAIR, "inproc://events");
    MUST (zmq_bind (server, endpoint) == 0);

    client = connected (context, ZMQ_REQ, endpoint);
    send_text (client, "Hello", 0);
    receive_text (server, text);
    send_text (server, "World", 0);
    receive_text (client, text);
    zmq_close (client);

    while (next_event (events) != ZMQ_EVENT_DISCONNECTED)
        ;
    zmq_close (server);
    while (next_event (events) != ZMQ_EVENT_MONITOR_STOPPED)
        ;

    zmq_close (events);
    zmq_ctx_term (context);
    return 0;
}
