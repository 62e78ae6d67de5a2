//! The gate: how many instructions each hot road takes, counted by valgrind, beside the numbers on record.
//!
//! Time changes with the machine's mood; the count of instructions hardly does. It depends on the compiler and a
//! little on the processor (the C library chooses how to copy), so the record is to be written anew with those.

use std::fmt::Write as _;
use std::process::Command;
use std::{env, fs};

use crate::roads::{ROADS, Road};
use crate::side::Result;

/// The numbers on record: instructions each time that a road is gone.
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

/// How much above the record a count may be.
const TOLERANCE: f64 = 1.03;

/// Counts and compares, or writes the record; whether no road has become longer. Without valgrind it says so.
pub(crate) fn check(write: bool) -> Result<bool> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: no instructions are counted");
        return Ok(true);
    }
    let missing = |error| format!("{RECORD}: {error}");
    let recorded = if write { String::new() } else { fs::read_to_string(RECORD).map_err(missing)? };
    let (mut record, mut well) = (String::new(), true);
    println!("{:<16}{:>14}{:>12}{:>8}", "road", "instructions", "on record", "ratio");
    for road in &ROADS {
        let count = count(road)?;
        let before =
            recorded.lines().find_map(|line| line.strip_prefix(road.name)?.trim().parse::<f64>().ok());
        let ratio = before.map(|before| count / before);
        let complaint = match ratio {
            None if !write => "  NOT ON RECORD",
            Some(ratio) if ratio > TOLERANCE => "  TOO MANY",
            _ => "",
        };
        println!(
            "{:<16}{count:>14.1}{:>12}{:>8}{complaint}",
            road.name,
            before.map(|before| format!("{before:.1}")).unwrap_or_default(),
            ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default(),
        );
        well &= complaint.is_empty();
        // Writing to a string cannot fail.
        let _ = writeln!(record, "{:<16}{count:.1}", road.name);
    }
    if write {
        fs::write(RECORD, record)?;
    }
    Ok(well)
}

/// Goes a road; what valgrind runs.
pub(crate) fn go(name: &str) -> Result<()> {
    let road =
        ROADS.iter().find(|road| road.name == name).ok_or_else(|| format!("no road is called {name:?}"))?;
    (road.go)(road.times)
}

/// Instructions each time, those of [`crate::roads::counted`] and of all that it calls, in its thread.
fn count(road: &Road) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*roads*counted*"])
        .arg(env::current_exe()?)
        .args(["road", road.name])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse::<f64>().ok());
    match count {
        Some(count) if output.status.success() && count > 0.0 => Ok(count / road.times as f64),
        _ => Err(format!("{} was not counted: {said}", road.name).into()),
    }
}
