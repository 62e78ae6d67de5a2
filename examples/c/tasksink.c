/* Collects results until all have come, and then tells the workers to stop.
 * tasksink [RESULTS [CONTROL [COUNT [WORKERS]]]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *results = bound (context, ZMQ_PULL, ARGUMENT (1, "tcp://127.0.0.1:5558"));
    void *control = open_socket (context, ZMQ_XPUB);
    long count = atol (ARGUMENT (3, "100")), workers = atol (ARGUMENT (4, "1")), sum = 0, i;
    int every_one = 1;

    /* A worker that has not subscribed yet would miss what is published. So the sink waits for a notice of each,
       which an XPUB gives for the first of a topic only unless it is told to be verbose. */
    MUST (zmq_setsockopt (control, ZMQ_XPUB_VERBOSE, &every_one, sizeof every_one) == 0);
    MUST (zmq_bind (control, ARGUMENT (2, "tcp://127.0.0.1:5559")) == 0);

    for (i = 0; i < count; i++)
        sum += receive_number (results);
    printf ("%ld results, their sum is %ld\n", count, sum);

    for (i = 0; i < workers; i++) {
        char notice[256];
        receive_text (control, notice);
    }
    send_text (control, "stop", 0);

    zmq_close (results);
    zmq_close (control);
    zmq_ctx_term (context);
    return 0;
}
