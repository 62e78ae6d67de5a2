//! Peers that a call has not finished with, since its allowance was spent: the next call begins with them.

use crate::pattern::contract::PeerId;
use crate::socket::table::Table;

impl Table {
    /// Another call begins.
    #[inline]
    pub(crate) fn renew_allowance(&mut self) {
        self.allowance.renew();
    }

    /// Whether an earlier call has not finished with some peer.
    #[inline]
    pub(crate) fn is_overdue(&self) -> bool {
        self.allowance.is_overdue()
    }

    /// Whether a peer must wait for the next call now that this one has spent its allowance. Messages that a thread of
    /// this process has sent before are read all the same, since that thread may count on it.
    #[cold]
    fn withholds(&mut self, id: PeerId) -> bool {
        let Self { all, allowance, .. } = self;
        all.get(id.0).is_none_or(|peer| {
            peer.io.is_some() || peer.reader.position() >= allowance.goal(id, || peer.reader.published())
        })
    }

    /// Whether nothing more is read from this peer now; the next call goes on with it.
    #[inline]
    pub(super) fn puts_off(&mut self, id: PeerId) -> bool {
        let puts_off = self.allowance.withholds(id) && self.withholds(id);
        if puts_off {
            self.defer(id);
        }
        puts_off
    }

    /// The next call goes on with this peer, which may have gone.
    #[cold]
    pub(super) fn defer(&mut self, id: PeerId) {
        let known = self.get(id).is_some_and(|peer| std::mem::replace(&mut peer.deferred, true));
        if !known {
            self.allowance.overdue.push_back(id);
        }
    }

    /// Has `go_on` called for each peer that earlier calls have not finished with, as far as this one may. The others
    /// come first in the next.
    pub(crate) fn take_up(&mut self, mut go_on: impl FnMut(&mut Self, PeerId)) {
        let mut overdue = std::mem::take(&mut self.allowance.overdue);
        overdue.retain(|&id| {
            let waits = self.allowance.is_spent() && self.withholds(id);
            if !waits {
                if let Some(peer) = self.get(id) {
                    peer.deferred = false;
                }
                go_on(self, id);
            }
            waits
        });
        overdue.append(&mut self.allowance.overdue);
        self.allowance.overdue = overdue;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::option::Options;
    use crate::socket::allowance::ALLOWANCE;
    use crate::socket_type::SocketType;
    use std::sync::Arc;

    #[test]
    fn who_was_put_off_comes_before_who_had_a_turn() {
        let mut table = Table::new(Options::new(SocketType::Pub), Arc::default(), ("PUB", 0));
        (1..=3).for_each(|id| table.defer(PeerId(id)));
        let mut turns = Vec::new();
        for _ in 0..4 {
            table.renew_allowance();
            table.take_up(|table, id| {
                turns.push(id.0);
                table.allowance.spend(ALLOWANCE);
                table.defer(id);
            });
            assert!(table.is_overdue());
        }
        assert_eq!(turns, [1, 2, 3, 1]);
        table.renew_allowance();
        table.take_up(|_, id| turns.push(id.0));
        assert_eq!((&turns[4..], table.is_overdue()), (&[2, 3, 1][..], false));
    }
}
