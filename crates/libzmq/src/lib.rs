//! libzmq's C interface over zincmq: every function of `zmq.h`, with the same numbers in `errno`.
//!
//! What C hands over is checked before it is believed: handles are looked up, lengths compared, and no panic
//! crosses the border. Pointers to plain memory are taken at their word, as in C.

mod border;
mod errno;
mod security;
mod util;
