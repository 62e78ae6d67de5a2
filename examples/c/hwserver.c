/* Answers greetings until a client says "stop".
 * hwserver [ENDPOINT] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *server = bound (context, ZMQ_REP, ARGUMENT (1, "tcp://127.0.0.1:5555"));
    char request[256], reply[300];
    long answered = 0;

    while (strcmp (receive_text (server, request), "stop") != 0) {
        snprintf (reply, sizeof reply, "%s, World", request);
        send_text (server, reply, 0);
        answered++;
    }
    printf ("answered %ld\n", answered);

    zmq_close (server);
    zmq_ctx_term (context);
    return 0;
}
