//! The halves of a socket: two waiters, each with a direction of its own, at one inbox that either empties.

use super::{Bell, model};
use loom::sync::Mutex;
use loom::sync::atomic::Ordering;
use loom::thread;
use queue::{Both, Inbox, Item};
use std::collections::VecDeque;
use std::sync::Arc;

/// As a socket's core: the half that holds the lock takes out of the inbox what concerns the other half as well.
#[derive(Debug, Default)]
struct Core {
    items: VecDeque<Item<usize>>,
    /// What has come for each half.
    come: [bool; 2],
}

#[derive(Debug, Default)]
struct Shared {
    inbox: Inbox<usize>,
    both: Arc<Both>,
    core: Mutex<Core>,
}

impl Shared {
    /// An attempt of one half, with the lock.
    fn attempt(&self, core: &mut Core, side: usize) -> bool {
        let Core { items, come } = core;
        self.inbox.take_all(items);
        for item in items.drain(..) {
            if let Item::Command(side) = item {
                come[side] = true;
            }
        }
        come[side]
    }

    /// One wait of a half, up to its sleep. Returns whether it sleeps.
    fn wait(&self, side: usize, bell: &Arc<Bell>) -> bool {
        self.both.halves[side].arm(bell.clone());
        let mut core = self.core.lock().unwrap();
        self.inbox.signal().arm_again(&self.both);
        !self.attempt(&mut core, side)
    }
}

/// What comes for either half wakes it, whichever of them empties the inbox.
fn halves_against(commands: &'static [usize]) {
    model(move || {
        let shared = Arc::new(Shared::default());
        let bells: [Arc<Bell>; 2] = Default::default();
        let there = shared.clone();
        let pushing = thread::spawn(move || {
            for &side in commands {
                there.inbox.push(Item::Command(side));
            }
        });
        let (there, bell) = (shared.clone(), bells[1].clone());
        let receiving = thread::spawn(move || there.wait(1, &bell));
        let sleeps = [shared.wait(0, &bells[0]), receiving.join().unwrap()];
        pushing.join().unwrap();
        for (side, sleeps) in sleeps.into_iter().enumerate() {
            let woken = bells[side].readable.load(Ordering::Relaxed);
            let mut core = shared.core.lock().unwrap();
            assert!(!sleeps || woken || !shared.attempt(&mut core, side), "a lost wake-up");
        }
    });
}

#[test]
fn a_change_for_one_half() {
    halves_against(&[1]);
}

#[test]
fn a_change_for_each_half() {
    halves_against(&[0, 1]);
}
