//! Claims from one thread: which checks keep them, and which end them. Races are in `loom/claims.rs`.
#![cfg(not(loom))]

use queue::{Check, Claims, Custody, Inbound, Outbound, TryLock};

#[test]
fn a_caller_that_comes_back_keeps_the_descriptor_and_one_that_does_not_loses_it() {
    let (lock, mut custody) = (TryLock::new(()), Custody::default());
    assert!(!custody.begin_inbound(lock.claims()), "nothing is claimed");
    lock.change(Claims::listening);
    assert!(custody.begin_inbound(lock.claims()) && !custody.begin_inbound(lock.claims()));
    lock.change(Claims::away);
    for _ in 0..100 {
        lock.change(Claims::listening);
        lock.change(Claims::away);
        assert_eq!(custody.check_inbound(&lock), Check::Used);
    }
    assert_eq!(custody.check_inbound(&lock), Check::TakenBack);
    assert_eq!((lock.claims().inbound(), custody.check_inbound(&lock)), (Inbound::Io, Check::Over));
    lock.change(Claims::away);
    assert_eq!(lock.claims().inbound(), Inbound::Io, "it had lost it before it left");
}

#[test]
fn a_caller_that_waits_is_not_checked_for_ever() {
    let (lock, mut custody) = (TryLock::new(()), Custody::default());
    lock.change(Claims::listening);
    assert!(custody.begin_inbound(lock.claims()));
    assert_eq!((custody.check_inbound(&lock), lock.claims().inbound()), (Check::Over, Inbound::Settled));
    assert!(!custody.begin_inbound(lock.claims()));
    lock.change(Claims::away);
    assert!(custody.begin_inbound(lock.claims()), "it has told that it left");
}

#[test]
fn a_stream_that_goes_on_stays_with_its_writer() {
    let (lock, mut custody) = (TryLock::new(()), Custody::default());
    let held = lock.try_lock_and(|claims, free| if free { claims } else { Claims::default() }).unwrap();
    assert_eq!(held.unlock_and(|claims| claims.with_outbound(Outbound::Stream)), (false, Claims::default()));
    assert!(custody.begin_outbound(lock.claims()) && !custody.begin_outbound(lock.claims()));
    for _ in 0..100 {
        assert_eq!(custody.check_outbound(&lock, true), Check::Used);
    }
    assert_eq!(custody.check_outbound(&lock, false), Check::TakenBack);
    assert_eq!(custody.check_outbound(&lock, true), Check::Over);
    assert_eq!(lock.claims().outbound(), Outbound::Io);
}

#[test]
fn who_does_not_get_the_lock_leaves_its_claim() {
    let lock = TryLock::new(());
    let held = lock.try_lock().unwrap();
    let stream = |claims: Claims, free| if free { claims } else { claims.with_outbound(Outbound::Stream) };
    assert!(lock.try_lock_and(stream).is_none() && lock.claims().streams());
    assert!(held.unlock(), "there was a word");
    assert!(lock.claims().streams(), "unlocking leaves the claims alone");
    lock.change(|claims| claims.with_inbound(Inbound::Here).with_outbound(Outbound::Answer));
    lock.change(Claims::released);
    assert_eq!((lock.claims().inbound(), lock.claims().outbound()), (Inbound::Io, Outbound::Io));
}
