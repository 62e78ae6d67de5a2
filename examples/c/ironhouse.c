/* Encrypted request and reply (CURVE): a server, alice, whose key its handler knows, and a stranger, who is not let in.
 * ironhouse [ENDPOINT] [COUNT]: alice sends so many requests. */

#include "common.h"
#include <stdint.h>

/* The two keys of a side, as text. */
struct keys {
    char public_key[41], secret_key[41];
};

static struct keys server_keys, alice_keys, stranger_keys;
static long requests;

static void set_text (void *socket, int option, const char *text)
{
    MUST (zmq_setsockopt (socket, option, text, strlen (text)) == 0);
}

/* Receives a question: version, number, domain, address, routing id, mechanism, and for CURVE the peer's public key.
 * Returns how many parts it had, 0 once the context ends. */
static int receive_question (void *socket, char parts[7][256])
{
    int more = 1, part = 0;
    size_t len = sizeof more;
    for (; more; part++) {
        char *place = parts[part < 6 ? part : 6];
        int size = zmq_recv (socket, place, 255, 0);
        if (size < 0) {
            MUST (zmq_errno () == ETERM);
            return 0;
        }
        place[size < 255 ? size : 255] = '\0';
        MUST (zmq_getsockopt (socket, ZMQ_RCVMORE, &more, &len) == 0);
    }
    return part;
}

/* Answers the context's questions about peers (ZAP, RFC 27): alice is let in, by her public key. */
static void judge (void *socket)
{
    uint8_t alice[32];
    char parts[7][256];
    int count;
    MUST (zmq_z85_decode (alice, alice_keys.public_key));

    while ((count = receive_question (socket, parts)) > 0) {
        int known = count == 7 && strcmp (parts[5], "CURVE") == 0 && memcmp (parts[6], alice, sizeof alice) == 0;
        send_text (socket, "1.0", ZMQ_SNDMORE);
        send_text (socket, parts[1], ZMQ_SNDMORE);
        send_text (socket, known ? "200" : "400", ZMQ_SNDMORE);
        send_text (socket, known ? "OK" : "unknown key", ZMQ_SNDMORE);
        send_text (socket, known ? "alice" : "", ZMQ_SNDMORE);
        send_text (socket, "", 0);
    }
    zmq_close (socket);
}

/* Answers alice's requests by the name that the handler has given her. */
static void serve (void *socket)
{
    char reply[600];
    for (long left = requests; left > 0; left--) {
        zmq_msg_t request;
        MUST (zmq_msg_init (&request) == 0 && zmq_msg_recv (&request, socket, 0) >= 0);
        snprintf (reply, sizeof reply, "%s, this stays between us: %.*s", zmq_msg_gets (&request, "User-Id"),
                  (int) zmq_msg_size (&request), (char *) zmq_msg_data (&request));
        zmq_msg_close (&request);
        send_text (socket, reply, 0);
    }
    zmq_close (socket);
}

/* A client's socket: it knows the server by its public key. */
static void *client_socket (void *context, const struct keys *keys)
{
    void *socket = open_socket (context, ZMQ_REQ);
    set_text (socket, ZMQ_CURVE_SERVERKEY, server_keys.public_key);
    set_text (socket, ZMQ_CURVE_PUBLICKEY, keys->public_key);
    set_text (socket, ZMQ_CURVE_SECRETKEY, keys->secret_key);
    return socket;
}

/* A stranger is told the status of the handler's answer, and its connection is closed. */
static void try_as_stranger (void *context, const char *endpoint)
{
    void *stranger = client_socket (context, &stranger_keys);
    MUST (zmq_socket_monitor (stranger, "inproc://stranger", ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0);
    void *monitor = connected (context, ZMQ_PAIR, "inproc://stranger");
    MUST (zmq_connect (stranger, endpoint) == 0);

    /* The event's number and value, then the endpoint. */
    uint8_t event[6];
    uint32_t status;
    char text[256];
    MUST (zmq_recv (monitor, event, sizeof event, 0) == sizeof event);
    memcpy (&status, event + 2, sizeof status);
    receive_text (monitor, text);
    printf ("the stranger: status %u\n", status);

    zmq_close (monitor);
    zmq_close (stranger);
}

int main (int argc, char **argv)
{
    requests = strtol (ARGUMENT (2, "3"), NULL, 10);
    void *context = zmq_ctx_new ();
    struct keys *all[] = {&server_keys, &alice_keys, &stranger_keys};
    for (int side = 0; side < 3; side++)
        MUST (zmq_curve_keypair (all[side]->public_key, all[side]->secret_key) == 0);

    /* The handler must be there before the first peer comes. */
    void *handler = bound (context, ZMQ_REP, "inproc://zeromq.zap.01");
    void *judging = zmq_threadstart (judge, handler);
    MUST (judging);
    void *server = open_socket (context, ZMQ_REP);
    int yes = 1;
    MUST (zmq_setsockopt (server, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0);
    set_text (server, ZMQ_CURVE_SECRETKEY, server_keys.secret_key);
    MUST (zmq_bind (server, ARGUMENT (1, "tcp://127.0.0.1:*")) == 0);
    char endpoint[256];
    size_t len = sizeof endpoint;
    MUST (zmq_getsockopt (server, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0);
    void *serving = zmq_threadstart (serve, server);
    MUST (serving);

    try_as_stranger (context, endpoint);
    void *alice = client_socket (context, &alice_keys);
    MUST (zmq_connect (alice, endpoint) == 0);
    char request[64], reply[256];
    for (long number = 1; number <= requests; number++) {
        snprintf (request, sizeof request, "secret %ld", number);
        send_text (alice, request, 0);
        printf ("%s\n", receive_text (alice, reply));
    }

    zmq_threadclose (serving);
    zmq_close (alice);
    zmq_ctx_shutdown (context);
    zmq_threadclose (judging);
    zmq_ctx_term (context);
    return 0;
}
