/* Takes so many messages whose envelope says B.
 * psenvsub [ENDPOINT [COUNT]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *news = connected (context, ZMQ_SUB, ARGUMENT (1, "tcp://127.0.0.1:5563"));
    long count = atol (ARGUMENT (2, "10")), i;

    MUST (zmq_setsockopt (news, ZMQ_SUBSCRIBE, "B", 1) == 0);
    for (i = 0; i < count; i++) {
        char envelope[256], content[256];
        int more;
        size_t size = sizeof more;

        MUST (strcmp (receive_text (news, envelope), "B") == 0);
        MUST (zmq_getsockopt (news, ZMQ_RCVMORE, &more, &size) == 0 && more);
        MUST (strcmp (receive_text (news, content), "this is wanted") == 0);
        MUST (zmq_getsockopt (news, ZMQ_RCVMORE, &more, &size) == 0 && !more);
    }
    printf ("%ld for B\n", count);

    zmq_close (news);
    zmq_ctx_term (context);
    return 0;
}
