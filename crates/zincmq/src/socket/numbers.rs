//! The numbers of a socket, for those who ask.

use crate::error::{Error, Result};
use crate::monitor::Sides;
use crate::socket::core::Core;
use crate::socket::entry::Entry;
use crate::stats::SocketStats;

impl Core {
    /// Tells the monitor what is queued for each peer; lazily, in the steps in which room is noticed.
    pub(crate) fn report_queues(&mut self) -> Result<()> {
        self.check()?;
        self.reap_all();
        let mut none = true;
        for (endpoint, sides, outbound, inbound) in self.peers.queues(self.lazy) {
            none = false;
            let entry = self.endpoints.iter().find(|entry| entry.id() == endpoint);
            let (name, bound) = entry.map_or(("", true), |entry| (entry.name(), entry.is_bound()));
            let sides = sides.unwrap_or(Sides { local: name, remote: name, connects: !bound });
            self.owner.monitor.report(outbound, inbound, sides);
        }
        if none { Err(Error::Again) } else { Ok(()) }
    }

    pub(crate) fn stats(&mut self) -> SocketStats {
        self.peers.end_streams();
        self.process();
        self.reap_all();
        self.numbers()
    }

    fn numbers(&self) -> SocketStats {
        let named = |id| self.endpoints.iter().find(|entry| entry.id() == id);
        let mut stats = self.peers.stats(|endpoint| named(endpoint).map_or("", Entry::name).to_owned());
        stats.queued_in += self.pattern.kept();
        self.owner.troubles.fill(&mut stats);
        let boards = self.endpoints.iter().filter_map(|entry| Some((entry.board()?, entry.name())));
        stats.multicast = boards.map(|(board, name)| board.read(name)).collect();
        stats
    }

    /// Tells its numbers to those who look at the context's.
    pub(super) fn report(&mut self) {
        self.reap_all();
        let names = |bound| {
            let entries = self.endpoints.iter().filter(move |entry| entry.is_bound() == bound);
            entries.map(|entry| entry.name().to_owned()).collect()
        };
        self.home.shared().board.tell(self.owner.id, names(true), names(false), self.numbers());
    }
}
