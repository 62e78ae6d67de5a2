/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What zincmq has beyond libzmq.
 */

#ifndef ZINCMQ_H
#define ZINCMQ_H

#include "zmq.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Options of sockets. */
#define ZINCMQ_MAXMULTIPART 23040 /* int64_t: the most bytes in a message of several parts, 16 for each part included;
                                     -1: no limit, the default */
#define ZINCMQ_MAXPARTS 23041     /* int: the most parts of a message, by default 1000000; 0: no limit */
#define ZINCMQ_MAXHANDSHAKES 23042 /* int: the most handshakes under way at a bound endpoint, by default 8192; others
                                      wait; 0: no limit */
#define ZINCMQ_MAXHANDSHAKES_ADDRESS 23043 /* int: ... from one address; others are closed; 0: no limit, the default */

#define ZINCMQ_SPIN 23044 /* int: microseconds for which a waiting thread looks awake before it sleeps; 0: only where that has
                             paid off lately. The default is the environment's ZINCMQ_SPIN_US, or 0 */

/* The numbers of a socket since it was made. Later versions add some at the end. */
struct zincmq_stats
{
    uint64_t sent; /* messages accepted, once for each peer that gets one */
    uint64_t received;
    uint64_t sent_bytes;
    uint64_t received_bytes;
    uint64_t dropped_full; /* messages dropped because a peer's queue was full */
    uint64_t reconnects;
    uint64_t handshake_failures;
    uint64_t queued_out; /* messages that wait to be sent now */
    uint64_t peers;      /* now */
    uint64_t dropped_refused; /* messages dropped because one connection after the other ended within them */
    uint64_t discarded; /* messages received and thrown away, since the socket type has no use for them */
    uint64_t conflated; /* messages that a newer one took the place of (ZMQ_CONFLATE) */
    uint64_t queued_in; /* messages that wait to be received now */
    uint64_t dropped_unroutable; /* messages dropped because the peer that they were for is not there */
};

/* Fills in as many numbers as there is room for, and returns the size of all that this library knows. -1 with
   ENOTSOCK for no socket, with EFAULT for NULL. */
int zincmq_stats (void *socket, struct zincmq_stats *stats, size_t size);

#ifdef __cplusplus
}
#endif

#endif
