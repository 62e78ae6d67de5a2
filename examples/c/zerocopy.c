/* Sends blocks of memory without copying them: the library frees each, in whatever thread, when it is done with it.
 * zerocopy [COUNT [SIZE]] */

#include "common.h"

static void free_block (void *block, void *freed)
{
    free (block);
    zmq_atomic_counter_inc (freed);
}

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *sink = bound (context, ZMQ_PULL, "inproc://blocks");
    void *source = connected (context, ZMQ_PUSH, "inproc://blocks");
    void *freed = zmq_atomic_counter_new ();
    int count = atoi (ARGUMENT (1, "10")), right = 0, i;
    size_t size = (size_t) atol (ARGUMENT (2, "1000000")), j;

    for (i = 0; i < count; i++) {
        unsigned char *block = malloc (size);
        zmq_msg_t out, in;

        MUST (block);
        memset (block, i, size);
        MUST (zmq_msg_init_data (&out, block, size, free_block, freed) == 0);
        MUST (zmq_msg_send (&out, source, 0) == (int) size);

        MUST (zmq_msg_init (&in) == 0);
        MUST (zmq_msg_recv (&in, sink, 0) == (int) size);
        block = zmq_msg_data (&in);
        for (j = 0; j < size && block[j] == (unsigned char) i; j++)
            ;
        right += j == size;
        MUST (zmq_msg_close (&in) == 0);
    }

    zmq_close (source);
    zmq_close (sink);
    zmq_ctx_term (context);
    printf ("%d blocks are right, %d were freed\n", right, zmq_atomic_counter_value (freed));
    zmq_atomic_counter_destroy (&freed);
    return 0;
}
