//! What the examples share: their arguments, and some work to do. And the book, whose code is compiled and run here.

#[cfg(doctest)]
mod book;

pub mod binary_star;
pub mod clone;
pub mod heartbeat;
pub mod lazy;
pub mod majordomo;
pub mod titanic;

use std::process::exit;
use zincmq::{Frame, Message};

/// What the examples return: whatever went wrong is told, and ends the program.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Argument `at` of the command line (the first is 1), or else `default`.
#[must_use]
pub fn text(at: usize, default: &str) -> String {
    std::env::args().nth(at).unwrap_or_else(|| default.to_owned())
}

/// The arguments of the command line from `at` on, or else `default`.
#[must_use]
pub fn texts(at: usize, default: &[&str]) -> Vec<String> {
    let given: Vec<_> = std::env::args().skip(at).collect();
    if given.is_empty() { default.iter().map(ToString::to_string).collect() } else { given }
}

/// Argument `at` of the command line as a number, or else `default`.
#[must_use]
pub fn number(at: usize, default: u32) -> u32 {
    let Some(text) = std::env::args().nth(at) else { return default };
    text.parse().unwrap_or_else(|error| {
        eprintln!("argument {at}, {text:?}: {error}");
        exit(2)
    })
}

/// The parts of a message as text: to be matched against what is expected.
///
/// # Errors
/// If one of them is not UTF-8.
pub fn words(message: &Message) -> Result<Vec<&str>> {
    message.iter().map(|part| Ok(part.as_str()?)).collect()
}

/// The work of the brokers' workers: the square of a number, or else what is wrong with it. A worker must not fail
/// because of a request.
#[must_use]
pub fn square(number: &Frame) -> String {
    match number.as_str().map(str::parse::<u32>) {
        Ok(Ok(number)) => u64::from(number).pow(2).to_string(),
        _ => format!("{number:?} is not a number"),
    }
}

/// The work of the pipeline's workers: how many steps lead from `number` to 1, if even numbers are halved, and odd ones
/// tripled and increased by one.
#[must_use]
pub fn steps(mut number: u64) -> u32 {
    let mut steps = 0;
    while number > 1 {
        number = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}
