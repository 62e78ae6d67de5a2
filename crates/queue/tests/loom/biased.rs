//! The lock that is biased to a thread: one at a time is inside, and each sees what the one before has done.

use super::model;
use loom::thread;
use queue::biased::End;

/// Each `true` is a call as by one that has the end to itself.
fn use_end<const SECOND: bool>(end: &mut End<u32, SECOND>, calls: &[bool]) {
    for &alone in calls {
        if alone { end.with(|count, _| *count += 1) } else { end.with_shared(|count| *count += 1) }
    }
}

/// Two threads with an end each. The first one owns the lock after two calls; before, if `first` says so.
fn two_threads(first: &'static [bool], here: &'static [bool], there: &'static [bool]) {
    model(move || {
        let (mut one, mut other) = End::two_of(0);
        use_end(&mut one, first);
        let elsewhere = thread::spawn(move || {
            use_end(&mut other, there);
            other
        });
        use_end(&mut one, here);
        let other = elsewhere.join().unwrap();
        let total = first.len() + here.len() + there.len();
        assert_eq!(one.join(other).unwrap(), u32::try_from(total).unwrap());
    });
}

#[test]
fn the_lock_is_taken_from_its_owner() {
    two_threads(&[true, true], &[true], &[true]);
}

#[test]
fn the_owner_comes_back() {
    two_threads(&[true, true], &[true, true], &[true]);
}

#[test]
fn the_owner_changes() {
    two_threads(&[true, true], &[true], &[true, true, true]);
}

#[test]
fn both_want_to_own_it() {
    two_threads(&[], &[true, true, true], &[true, true, true]);
}

#[test]
fn a_shared_caller_ends_the_bias() {
    two_threads(&[true, true], &[true, false, true], &[false]);
}

/// An owner that was about to enter, and is none any more, keeps nobody out or asleep: three threads, of which one gets the end that
/// the owner had.
#[test]
fn an_end_moves_to_another_thread() {
    model(|| {
        let (mut one, mut other) = End::two_of(0);
        use_end(&mut one, &[true, true]);
        let elsewhere = thread::spawn(move || {
            use_end(&mut other, &[true, true, true]);
            other
        });
        let moved = thread::spawn(move || {
            use_end(&mut one, &[true]);
            one
        });
        let (one, other) = (moved.join().unwrap(), elsewhere.join().unwrap());
        assert_eq!(one.join(other).unwrap(), 6);
    });
}

/// Both ends of one thread: it owns them together.
#[test]
fn one_thread_takes_turns() {
    model(|| {
        let (mut one, mut other) = End::two_of(0);
        use_end(&mut one, &[true]);
        use_end(&mut other, &[true, true]);
        let elsewhere = thread::spawn(move || {
            use_end(&mut other, &[true]);
            other
        });
        use_end(&mut one, &[true]);
        assert_eq!(one.join(elsewhere.join().unwrap()).unwrap(), 5);
    });
}
