//! Majordomo, a worker: squares numbers.
//!
//! `mdworker [BROKER] [SERVICE]`: runs until Ctrl-C.

use examples::{Result, majordomo, square, text};
use zincmq::{Context, Message};

fn main() -> Result {
    let context = Context::new();
    let work = |request: Message| square(&request.into_frame()).into();
    majordomo::serve(&context, &text(1, "tcp://127.0.0.1:5555"), &text(2, "square"), work)
}
