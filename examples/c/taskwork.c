/* Squares the numbers that it is dealt, and hands the results on, until told to stop. It watches two sockets at
 * once.
 * taskwork [TASKS [RESULTS [CONTROL]]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *tasks = connected (context, ZMQ_PULL, ARGUMENT (1, "tcp://127.0.0.1:5557"));
    void *results = connected (context, ZMQ_PUSH, ARGUMENT (2, "tcp://127.0.0.1:5558"));
    void *control = connected (context, ZMQ_SUB, ARGUMENT (3, "tcp://127.0.0.1:5559"));
    zmq_pollitem_t items[] = {{tasks, 0, ZMQ_POLLIN, 0}, {control, 0, ZMQ_POLLIN, 0}};
    long done = 0;

    MUST (zmq_setsockopt (control, ZMQ_SUBSCRIBE, "", 0) == 0);
    for (;;) {
        MUST (zmq_poll (items, 2, -1) > 0);
        if (items[0].revents & ZMQ_POLLIN) {
            long number = receive_number (tasks);
            send_number (results, number * number);
            done++;
        }
        if (items[1].revents & ZMQ_POLLIN)
            break;
    }
    printf ("%ld done\n", done);

    zmq_close (tasks);
    zmq_close (results);
    zmq_close (control);
    zmq_ctx_term (context);
    return 0;
}
