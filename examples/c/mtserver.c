/* A server with several threads: hwclient cannot tell it from hwserver. A steerable proxy carries requests from the
 * ROUTER that clients see to REP sockets in the threads, and replies back.
 * mtserver [ENDPOINT [THREADS]] */

#include "common.h"

static void *context;
static void *answered; /* counted by all threads */

static void work (void *requests)
{
    char request[256], reply[300];

    /* Once the context is shut down every call fails with ETERM, and the thread is done. */
    for (;;) {
        int size = zmq_recv (requests, request, 255, 0);
        if (size < 0)
            break;
        request[size < 255 ? size : 255] = '\0';
        if (strcmp (request, "stop") == 0) {
            void *control = connected (context, ZMQ_REQ, "inproc://control");
            send_text (control, "TERMINATE", 0);
            zmq_recv (control, reply, sizeof reply, 0); /* An empty reply, unless the context is faster. */
            zmq_close (control);
            break;
        }
        snprintf (reply, sizeof reply, "%s, World", request);
        zmq_atomic_counter_inc (answered);
        if (zmq_send (requests, reply, strlen (reply), 0) < 0)
            break;
    }
    zmq_close (requests);
}

int main (int argc, char **argv)
{
    void *clients, *requests, *control;
    int threads = atoi (ARGUMENT (2, "4")), i;
    void **thread = calloc ((size_t) threads, sizeof *thread);

    MUST (thread);
    context = zmq_ctx_new ();
    answered = zmq_atomic_counter_new ();
    clients = bound (context, ZMQ_ROUTER, ARGUMENT (1, "tcp://127.0.0.1:5555"));
    requests = bound (context, ZMQ_DEALER, "inproc://requests");
    control = bound (context, ZMQ_REP, "inproc://control");

    /* A socket may be made in one thread and used in another, as long as it is one at a time. */
    for (i = 0; i < threads; i++) {
        void *worker = connected (context, ZMQ_REP, "inproc://requests");
        MUST ((thread[i] = zmq_threadstart (work, worker)) != NULL);
    }
    MUST (zmq_proxy_steerable (clients, requests, NULL, control) == 0);

    MUST (zmq_ctx_shutdown (context) == 0);
    for (i = 0; i < threads; i++)
        zmq_threadclose (thread[i]);
    printf ("%d threads answered %d\n", threads, zmq_atomic_counter_value (answered));

    free (thread);
    zmq_close (clients);
    zmq_close (requests);
    zmq_close (control);
    zmq_ctx_term (context);
    zmq_atomic_counter_destroy (&answered);
    return 0;
}
