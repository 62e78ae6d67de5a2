// The few functions of libzmq's that its own parts inside test_security_curve call.

#include <cstdio>
#include <cstdlib>

#include <sodium.h>

namespace zmq
{
void random_open ()
{
    if (sodium_init () < 0)
        abort ();
}

void random_close ()
{
}

void zmq_abort (const char *reason)
{
    fprintf (stderr, "%s\n", reason);
    abort ();
}
}
