/* What the examples share: calls that must not fail, and messages that are short texts. */

#ifndef COMMON_H
#define COMMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* Ends the program with the reason unless the condition holds. */
#define MUST(condition)                                                                                              \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            fprintf (stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, zmq_strerror (zmq_errno ()));        \
            exit (1);                                                                                                \
        }                                                                                                            \
    } while (0)

/* An argument of the program, or what to take in its place. */
#define ARGUMENT(number, otherwise) (argc > (number) ? argv[number] : (otherwise))

static inline void *open_socket (void *context, int type)
{
    void *socket = zmq_socket (context, type);
    MUST (socket);
    return socket;
}

static inline void *bound (void *context, int type, const char *endpoint)
{
    void *socket = open_socket (context, type);
    MUST (zmq_bind (socket, endpoint) == 0);
    return socket;
}

static inline void *connected (void *context, int type, const char *endpoint)
{
    void *socket = open_socket (context, type);
    MUST (zmq_connect (socket, endpoint) == 0);
    return socket;
}

static inline void send_text (void *socket, const char *text, int flags)
{
    MUST (zmq_send (socket, text, strlen (text), flags) >= 0);
}

/* Receives a text of at most 255 bytes into the buffer, and returns it. */
static inline char *receive_text (void *socket, char buffer[256])
{
    int size = zmq_recv (socket, buffer, 255, 0);
    MUST (size >= 0);
    buffer[size < 255 ? size : 255] = '\0';
    return buffer;
}

static inline void send_number (void *socket, long number)
{
    char text[32];
    snprintf (text, sizeof text, "%ld", number);
    send_text (socket, text, 0);
}

static inline long receive_number (void *socket)
{
    char text[256];
    return strtol (receive_text (socket, text), NULL, 10);
}

#endif
