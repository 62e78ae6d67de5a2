/* Prints what zmq_has answers to each argument, a line each. */

#include <stdio.h>

extern int zmq_has (const char *capability);

int main (int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        puts (zmq_has (argv[i]) ? "yes" : "no");
    return 0;
}
