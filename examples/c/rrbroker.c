/* A broker that deals the requests of many clients to many workers, all of them threads of this program. What the
 * broker does is done by zmq_proxy, which ends with the context.
 * rrbroker [CLIENTS [WORKERS [REQUESTS]]] */

#include "common.h"

static long requests;

static void ask (void *context)
{
    void *broker = connected (context, ZMQ_REQ, "inproc://frontend");
    long i;

    for (i = 1; i <= requests; i++) {
        send_number (broker, i);
        MUST (receive_number (broker) == 2 * i);
    }
    zmq_close (broker);
}

static void answer (void *broker)
{
    char request[256], reply[32];
    int size;

    while ((size = zmq_recv (broker, request, 255, 0)) >= 0) {
        request[size < 255 ? size : 255] = '\0';
        snprintf (reply, sizeof reply, "%ld", 2 * strtol (request, NULL, 10));
        MUST (zmq_send (broker, reply, strlen (reply), 0) >= 0);
    }
    MUST (zmq_errno () == ETERM);
    zmq_close (broker);
}

static void carry (void *context)
{
    void *frontend = bound (context, ZMQ_ROUTER, "inproc://frontend");
    void *backend = bound (context, ZMQ_DEALER, "inproc://backend");

    MUST (zmq_proxy (frontend, backend, NULL) == -1 && zmq_errno () == ETERM);
    zmq_close (frontend);
    zmq_close (backend);
}

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    int clients = atoi (ARGUMENT (1, "3")), workers = atoi (ARGUMENT (2, "2")), i;
    void *broker = zmq_threadstart (carry, context);
    void **client = calloc ((size_t) clients, sizeof *client);
    void **worker = calloc ((size_t) workers, sizeof *worker);

    MUST (broker && client && worker);
    requests = atol (ARGUMENT (3, "100"));
    for (i = 0; i < workers; i++) {
        void *socket = connected (context, ZMQ_REP, "inproc://backend");
        MUST ((worker[i] = zmq_threadstart (answer, socket)) != NULL);
    }
    for (i = 0; i < clients; i++)
        MUST ((client[i] = zmq_threadstart (ask, context)) != NULL);

    for (i = 0; i < clients; i++)
        zmq_threadclose (client[i]);
    printf ("%ld requests of %d clients were answered by %d workers\n", clients * requests, clients, workers);

    /* Ends the proxy and the workers, and waits for their sockets. */
    MUST (zmq_ctx_term (context) == 0);
    zmq_threadclose (broker);
    for (i = 0; i < workers; i++)
        zmq_threadclose (worker[i]);
    free (client);
    free (worker);
    return 0;
}
