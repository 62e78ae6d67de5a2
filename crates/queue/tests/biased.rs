//! The biased lock with real threads, whose fences are the kernel's.

use queue::biased::End;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Enough calls of one thread for it to own the lock.
const MANY: u32 = 1000;

/// Two numbers that are equal whenever nobody is inside.
type Twins = (u64, u64);

fn add(twins: &mut Twins) {
    assert_eq!(twins.0, twins.1, "somebody else is inside");
    twins.0 += 1;
    std::hint::spin_loop();
    twins.1 += 1;
}

fn own<const SECOND: bool>(end: &mut End<Twins, SECOND>) {
    for _ in 0..MANY {
        end.with(|twins, _| add(twins));
    }
}

/// Again and again the lock has an owner, from which another thread takes it at any moment.
#[test]
fn one_thread_at_a_time_is_inside() {
    const ROUNDS: u64 = 30;
    let (mut one, mut other) = End::two_of((0, 0));
    let over = AtomicBool::new(false);
    let calls = thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let mut calls = 0;
            while !over.load(Ordering::Relaxed) {
                one.with(|twins, _| add(twins));
                calls += 1;
            }
            calls
        });
        for round in 0..ROUNDS {
            // Longer than the lock stays without an owner, after which the other thread has become that.
            _ = channel::<()>().1.recv_timeout(Duration::from_millis(11));
            if round % 3 == 0 { other.with_shared(add) } else { other.with(|twins, _| add(twins)) }
        }
        over.store(true, Ordering::Relaxed);
        owner.join().unwrap() + ROUNDS
    });
    assert_eq!(one.join(other).unwrap(), (calls, calls));
}

/// A thread that takes the lock away waits until the owner, which may be long inside, is out.
#[test]
fn the_owner_is_waited_for() {
    for shared in [false, true] {
        let (mut one, mut other) = End::two_of((0, 0));
        own(&mut one);
        let (inside, come) = channel();
        let (waiting, now) = one.with(|twins, _| {
            let waiting = thread::spawn(move || {
                inside.send(None).unwrap();
                let enter = |twins: &mut Twins| {
                    inside.send(Some(*twins)).unwrap();
                    add(twins);
                };
                if shared { other.with_shared(enter) } else { other.with(|twins, _| enter(twins)) }
            });
            assert_eq!(come.recv_timeout(PATIENCE), Ok(None));
            // It has the time to fall asleep.
            assert!(come.recv_timeout(Duration::from_millis(20)).is_err(), "two threads are inside");
            add(twins);
            (waiting, *twins)
        });
        assert_eq!(come.recv_timeout(PATIENCE), Ok(Some(now)));
        waiting.join().unwrap();
        assert_eq!(one.with(|twins, _| twins.0), now.0 + 1);
    }
}

/// The ends of a lock go to other threads, which own it one after the other.
#[test]
fn the_ends_move_on() {
    let (mut one, mut other) = End::two_of((0, 0));
    for round in 0..20 {
        (one, other) = thread::spawn(move || {
            if round % 2 == 0 {
                own(&mut other);
                own(&mut one);
            } else {
                own(&mut one);
                own(&mut other);
            }
            (one, other)
        })
        .join()
        .unwrap();
    }
    assert_eq!(one.join(other).unwrap().0, u64::from(2 * 20 * MANY));
}

#[test]
fn the_ends_of_two_locks_are_not_joined() {
    let (one, other) = End::two_of(1);
    let (third, fourth) = End::two_of(2);
    let (one, fourth) = one.join(fourth).unwrap_err();
    assert_eq!((one.join(other).unwrap(), third.join(fourth).unwrap()), (1, 2));
}
