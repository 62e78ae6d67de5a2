/* Reads two sockets of different types as messages come, with zmq_poll.
 * mspoller [COUNT] */

#include "common.h"

static long count;

static void push (void *context)
{
    void *tasks = connected (context, ZMQ_PUSH, "inproc://tasks");
    long i;
    for (i = 0; i < count; i++)
        send_text (tasks, "task", 0);
    zmq_close (tasks);
}

static void publish (void *context)
{
    void *news = bound (context, ZMQ_XPUB, "inproc://news");
    char notice[256];
    long i;
    receive_text (news, notice);
    for (i = 0; i < count; i++)
        send_text (news, "news", 0);
    zmq_close (news);
}

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *tasks = bound (context, ZMQ_PULL, "inproc://tasks");
    void *news = open_socket (context, ZMQ_SUB);
    zmq_pollitem_t items[] = {{tasks, 0, ZMQ_POLLIN, 0}, {news, 0, ZMQ_POLLIN, 0}};
    long got[2] = {0, 0};
    void *pusher, *publisher;
    int unlimited = 0;
    char text[256];

    /* A publisher never waits for a listener that is too slow: without a high-water mark none is. */
    MUST (zmq_setsockopt (news, ZMQ_RCVHWM, &unlimited, sizeof unlimited) == 0);
    MUST (zmq_setsockopt (news, ZMQ_SUBSCRIBE, "", 0) == 0);
    MUST (zmq_connect (news, "inproc://news") == 0);
    count = atol (ARGUMENT (1, "100"));
    MUST ((pusher = zmq_threadstart (push, context)) != NULL);
    MUST ((publisher = zmq_threadstart (publish, context)) != NULL);

    while (got[0] < count || got[1] < count) {
        int i;
        MUST (zmq_poll (items, 2, -1) > 0);
        for (i = 0; i < 2; i++) {
            if (items[i].revents & ZMQ_POLLIN) {
                receive_text (items[i].socket, text);
                got[i]++;
            }
        }
    }
    printf ("%ld tasks, %ld news\n", got[0], got[1]);

    zmq_threadclose (pusher);
    zmq_threadclose (publisher);
    zmq_close (tasks);
    zmq_close (news);
    zmq_ctx_term (context);
    return 0;
}
