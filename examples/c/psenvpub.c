/* Publishes messages in an envelope: the first part is what subscriptions are compared with, the second what there
 * is to say. Begins with the first subscription.
 * psenvpub [ENDPOINT [COUNT]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *news = bound (context, ZMQ_XPUB, ARGUMENT (1, "tcp://127.0.0.1:5563"));
    long count = atol (ARGUMENT (2, "10")), i;
    char notice[256];

    receive_text (news, notice);
    for (i = 0; i < count; i++) {
        send_text (news, "A", ZMQ_SNDMORE);
        send_text (news, "nobody reads this", 0);
        send_text (news, "B", ZMQ_SNDMORE);
        send_text (news, "this is wanted", 0);
    }
    printf ("%ld for A, %ld for B\n", count, count);

    zmq_close (news);
    zmq_ctx_term (context);
    return 0;
}
