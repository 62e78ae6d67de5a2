/* Publishes the weather of ten places, as "PLACE TEMPERATURE", for as long as somebody listens: an XPUB hears of
 * subscriptions, and of the last listener's end.
 * wuserver [ENDPOINT] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *weather = bound (context, ZMQ_XPUB, ARGUMENT (1, "tcp://127.0.0.1:5556"));
    long round = 0;
    int wanted = 0, place;
    char notice[256], update[32];

    /* A notice is 1 and the topic when a topic's first listener comes, 0 and the topic when its last one goes. */
    do {
        if (zmq_recv (weather, notice, sizeof notice, wanted ? ZMQ_DONTWAIT : 0) > 0) {
            wanted += notice[0] == 1 ? 1 : -1;
            continue;
        }
        MUST (zmq_errno () == EAGAIN);
        for (place = 0; place < 10; place++) {
            snprintf (update, sizeof update, "%d %ld", 10000 + place, (round * 7 + place) % 60 - 20);
            send_text (weather, update, 0);
        }
        round++;
    } while (wanted > 0);
    printf ("nobody listens any more\n");

    zmq_close (weather);
    zmq_ctx_term (context);
    return 0;
}
