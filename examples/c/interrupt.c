/* Waits for a message that never comes, until Ctrl-C: a signal whose handler returns ends the call with EINTR. Given
 * a number, an alarm clock presses Ctrl-C after so many milliseconds, and again each time as many have passed, since
 * it may ring before the program waits.
 * interrupt [MILLISECONDS] */

#define _GNU_SOURCE
#include "common.h"
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t interrupted;

static void remember (int signal)
{
    (void) signal;
    interrupted = 1;
}

int main (int argc, char **argv)
{
    void *context = zmq_ctx_new ();
    void *socket = bound (context, ZMQ_REP, "inproc://nobody-comes");
    long milliseconds = atol (ARGUMENT (1, "0"));
    struct itimerval clock = {{milliseconds / 1000, milliseconds % 1000 * 1000},
                              {milliseconds / 1000, milliseconds % 1000 * 1000}};
    struct sigaction action;
    char message[256];

    memset (&action, 0, sizeof action);
    action.sa_handler = remember;
    MUST (sigaction (SIGINT, &action, NULL) == 0 && sigaction (SIGALRM, &action, NULL) == 0);
    MUST (setitimer (ITIMER_REAL, &clock, NULL) == 0);

    do
        MUST (zmq_recv (socket, message, sizeof message, 0) == -1 && zmq_errno () == EINTR);
    while (!interrupted);
    printf ("interrupted\n");

    zmq_close (socket);
    while (zmq_ctx_term (context) == -1)
        MUST (zmq_errno () == EINTR);
    return 0;
}
