/* Greets a server so many times, and then tells it to stop.
 * hwclient [ENDPOINT [COUNT]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *client = connected (context, ZMQ_REQ, ARGUMENT (1, "tcp://127.0.0.1:5555"));
    long count = atol (ARGUMENT (2, "10")), right = 0, i;
    char reply[256];

    for (i = 0; i < count; i++) {
        send_text (client, "Hello", 0);
        right += strcmp (receive_text (client, reply), "Hello, World") == 0;
    }
    printf ("%ld of %ld replies are right\n", right, count);

    /* Nobody answers this one. It is sent all the same: closing a socket waits, in zmq_ctx_term, for what is on its
       way. */
    send_text (client, "stop", 0);
    zmq_close (client);
    zmq_ctx_term (context);
    return right == count ? 0 : 1;
}
