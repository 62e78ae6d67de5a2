/* Takes so many updates of one place's weather, and prints the mean temperature.
 * wuclient [ENDPOINT [PLACE [COUNT]]] */

#include "common.h"

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *weather = connected (context, ZMQ_SUB, ARGUMENT (1, "tcp://127.0.0.1:5556"));
    const char *place = ARGUMENT (2, "10001");
    long count = atol (ARGUMENT (3, "100")), sum = 0, i;

    MUST (zmq_setsockopt (weather, ZMQ_SUBSCRIBE, place, strlen (place)) == 0);
    for (i = 0; i < count; i++) {
        char update[256];
        long temperature;
        char *rest = receive_text (weather, update) + strlen (place);
        MUST (strncmp (update, place, strlen (place)) == 0);
        temperature = strtol (rest, NULL, 10);
        MUST (temperature >= -20 && temperature < 40);
        sum += temperature;
    }
    printf ("%ld updates of %s, %.1f degrees on average\n", count, place, (double) sum / (double) count);

    zmq_close (weather);
    zmq_ctx_term (context);
    return 0;
}
