//! Limits before a handshake is done: how many connections of one listener, and of one address, may be that far.

use crate::life::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The handshakes of one listener that are under way.
#[derive(Debug, Default)]
pub(crate) struct Admission(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    all: usize,
    of_address: HashMap<String, usize>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    address: String,
}

impl Admission {
    /// Whether so many are under way that the next connections wait. 0: there is no limit.
    pub(crate) fn is_full(&self, limit: i32) -> bool {
        limit > 0 && lock(&self.0).all >= limit as usize
    }

    /// A connection from this address begins its handshake. None if too many others from there do. 0: there is no limit.
    pub(crate) fn admit(self: &Arc<Self>, address: &str, limit: i32) -> Option<Admitted> {
        let mut count = lock(&self.0);
        let of_address = count.of_address.get(address).copied().unwrap_or(0);
        if limit > 0 && of_address >= limit as usize {
            return None;
        }
        count.all += 1;
        count.of_address.insert(address.to_owned(), of_address + 1);
        Some(Admitted { admission: self.clone(), address: address.to_owned() })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut count = lock(&self.admission.0);
        count.all -= 1;
        if let Some(of_address) = count.of_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                count.of_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_all_are_counted_until_they_are_done() {
        let admission = Arc::new(Admission::default());
        let first = admission.admit("a", 2).unwrap();
        let second = admission.admit("a", 2).unwrap();
        assert!(admission.admit("a", 2).is_none(), "two of a");
        let other = admission.admit("b", 2).unwrap();
        assert!(admission.is_full(3) && !admission.is_full(4) && !admission.is_full(0));
        drop(first);
        assert!(!admission.is_full(3));
        let third = admission.admit("a", 2).unwrap();
        let unlimited = admission.admit("a", 0).unwrap();
        drop((second, other, third, unlimited));
        assert!(lock(&admission.0).of_address.is_empty());
        assert_eq!(lock(&admission.0).all, 0);
    }
}
