/* Publishes only when all subscribers are ready. Until then it publishes a beat now and then; a subscriber that hears
 * it is connected, and says so to the REP.
 * syncpub [NEWS [READY [SUBSCRIBERS [COUNT]]]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *news = open_socket (context, ZMQ_PUB);
    void *ready = bound (context, ZMQ_REP, ARGUMENT (2, "tcp://127.0.0.1:5562"));
    zmq_pollitem_t item = {ready, 0, ZMQ_POLLIN, 0};
    int missing = atoi (ARGUMENT (3, "1")), unlimited = 0;
    long count = atol (ARGUMENT (4, "10000")), i;
    char text[256];

    /* Nothing is dropped for a subscriber that is slow. */
    MUST (zmq_setsockopt (news, ZMQ_SNDHWM, &unlimited, sizeof unlimited) == 0);
    MUST (zmq_bind (news, ARGUMENT (1, "tcp://127.0.0.1:5561")) == 0);

    while (missing > 0) {
        send_text (news, "beat", 0);
        if (zmq_poll (&item, 1, 10) > 0) {
            receive_text (ready, text);
            send_text (ready, "", 0);
            missing--;
        }
    }
    for (i = 0; i < count; i++)
        send_text (news, "news", 0);
    send_text (news, "end", 0);
    printf ("%ld sent\n", count);

    zmq_close (news);
    zmq_close (ready);
    zmq_ctx_term (context);
    return 0;
}
