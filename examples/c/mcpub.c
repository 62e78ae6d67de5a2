/* Reliable multicast, the publisher: a reading every 10 ms, sent once for everybody in the group. It cannot know who
 * listens, and goes on until it has sent so many.
 * mcpub [ENDPOINT [COUNT]] */

#include "common.h"
#include <time.h>

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *readings = open_socket (context, ZMQ_PUB);
    long count = atol (ARGUMENT (2, "1000")), i;
    const struct timespec pause = {0, 10 * 1000 * 1000};
    int rate = 10000;

    /* Kilobits a second: nothing else holds a publisher back. */
    MUST (zmq_setsockopt (readings, ZMQ_RATE, &rate, sizeof rate) == 0);
    MUST (zmq_bind (readings, ARGUMENT (1, "epgm://127.0.0.1;239.192.1.1:5555")) == 0);
    for (i = 0; i < count; i++) {
        send_number (readings, i);
        nanosleep (&pause, NULL);
    }
    printf ("%ld readings published\n", count);

    zmq_close (readings);
    zmq_ctx_term (context);
    return 0;
}
