/* Deals the numbers from 1 to COUNT to all workers that connect.
 * taskvent [ENDPOINT [COUNT]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *tasks = bound (context, ZMQ_PUSH, ARGUMENT (1, "tcp://127.0.0.1:5557"));
    long count = atol (ARGUMENT (2, "100")), i;

    for (i = 1; i <= count; i++)
        send_number (tasks, i);
    printf ("%ld tasks\n", count);

    /* Waits until the workers have them all. */
    zmq_close (tasks);
    zmq_ctx_term (context);
    return 0;
}
