/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Kept for programs that still include it: all it once declared is in zmq.h.
 */

#include "zmq.h"
