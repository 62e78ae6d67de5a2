/* A row of threads, each with a PAIR to the next: a number goes through all, and each adds one.
 * mtrelay [THREADS] */

#include "common.h"

struct step
{
    void *context;
    int number;
};

/* Starts the thread before this one, waits for what it says, and tells the next one. */
static void step (void *arg)
{
    struct step *self = arg, before = {self->context, self->number - 1};
    char here[64], there[64];
    void *in, *out, *thread = NULL;
    long number;

    snprintf (here, sizeof here, "inproc://step-%d", self->number);
    snprintf (there, sizeof there, "inproc://step-%d", self->number + 1);
    in = bound (self->context, ZMQ_PAIR, here);
    out = connected (self->context, ZMQ_PAIR, there);

    if (self->number > 1) {
        MUST ((thread = zmq_threadstart (step, &before)) != NULL);
        number = receive_number (in);
    } else
        number = 0;
    send_number (out, number + 1);

    if (thread)
        zmq_threadclose (thread);
    zmq_close (in);
    zmq_close (out);
}

int main (int argc, char **argv)
{
    int threads = atoi (ARGUMENT (1, "3"));
    struct step last = {zmq_ctx_new (), threads};
    char end[64];
    void *in, *thread;

    snprintf (end, sizeof end, "inproc://step-%d", threads + 1);
    in = bound (last.context, ZMQ_PAIR, end);
    MUST ((thread = zmq_threadstart (step, &last)) != NULL);
    printf ("%ld threads said yes\n", receive_number (in));

    zmq_threadclose (thread);
    zmq_close (in);
    zmq_ctx_term (last.context);
    return 0;
}
