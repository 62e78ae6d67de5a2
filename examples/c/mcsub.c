/* Reliable multicast, a subscriber: takes so many readings, and looks whether they are in a row.
 * mcsub [ENDPOINT [COUNT]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *readings = open_socket (context, ZMQ_SUB);
    long count = atol (ARGUMENT (2, "100")), missing = 0, last = 0, i;
    int rate = 10000;

    /* As at the publisher: it is part of what this side can wait for. */
    MUST (zmq_setsockopt (readings, ZMQ_RATE, &rate, sizeof rate) == 0);
    MUST (zmq_setsockopt (readings, ZMQ_SUBSCRIBE, "", 0) == 0);
    MUST (zmq_connect (readings, ARGUMENT (1, "epgm://127.0.0.1;239.192.1.1:5555")) == 0);
    for (i = 0; i < count; i++) {
        long number = receive_number (readings);
        if (i > 0)
            missing += number - last - 1;
        last = number;
    }
    printf ("%ld readings, %ld missing between them\n", count, missing);

    zmq_close (readings);
    zmq_ctx_term (context);
    return 0;
}
