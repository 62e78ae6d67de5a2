/* Counts what a syncpub publishes.
 * syncsub [NEWS [READY]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *news = open_socket (context, ZMQ_SUB);
    void *ready = connected (context, ZMQ_REQ, ARGUMENT (2, "tcp://127.0.0.1:5562"));
    int unlimited = 0;
    long count = 0;
    char text[256];

    MUST (zmq_setsockopt (news, ZMQ_RCVHWM, &unlimited, sizeof unlimited) == 0);
    MUST (zmq_setsockopt (news, ZMQ_SUBSCRIBE, "", 0) == 0);
    MUST (zmq_connect (news, ARGUMENT (1, "tcp://127.0.0.1:5561")) == 0);

    MUST (strcmp (receive_text (news, text), "beat") == 0);
    send_text (ready, "ready", 0);
    receive_text (ready, text);

    while (strcmp (receive_text (news, text), "end") != 0)
        count += strcmp (text, "news") == 0;
    printf ("%ld received\n", count);

    zmq_close (news);
    zmq_close (ready);
    zmq_ctx_term (context);
    return 0;
}
