//! Binary Star: two servers of which one is active, as a machine of states. It has no sockets and no clock.
//!
//! The two tell each other their states all the time. The backup takes over when two things come together: the primary
//! is silent, *and* a client asks. If only their link is cut, clients still reach the primary and none asks the backup.

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The primary, which has not heard of its peer yet.
    Primary,
    /// The backup, which has not heard of its peer yet.
    Backup,
    /// Serves the clients.
    Active,
    /// Is ready to take over.
    Passive,
}

/// What a server learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The state of the peer, of which it has just told.
    Peer(State),
    /// A client has asked, and whether the peer has been silent for so long that it must be dead.
    Request {
        /// Whether it has.
        peer_is_silent: bool,
    },
}

/// The two servers contradict each other. Both stop, since nobody but their operator knows which of them is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Both have served clients, whose data may differ now.
    BothActive,
    /// Each waits for the other one.
    BothPassive,
    /// Both were started as the primary, or both as the backup.
    SameRole,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::BothActive => "both servers are active",
            Self::BothPassive => "both servers are passive",
            Self::SameRole => "both servers have the same role",
        })
    }
}

impl std::error::Error for Conflict {}

impl State {
    /// The state after an event.
    ///
    /// # Errors
    /// A contradiction between this server and its peer.
    pub fn after(self, event: Event) -> Result<Self, Conflict> {
        use State::{Active, Backup, Passive, Primary};
        match (self, event) {
            // One of them is active already: there is no reason to change places.
            (Primary | Backup, Event::Peer(Active)) => Ok(Passive),
            (Primary, Event::Peer(Backup)) => Ok(Active),
            // The peer was active, and has started anew before that was noticed.
            (Passive, Event::Peer(Primary | Backup)) => Ok(Active),
            (Active, Event::Peer(Active)) => Err(Conflict::BothActive),
            (Passive, Event::Peer(Passive)) => Err(Conflict::BothPassive),
            (Primary, Event::Peer(Primary)) | (Backup, Event::Peer(Backup)) => Err(Conflict::SameRole),
            // A backup that has never heard of its primary does not know whether it is needed.
            (Primary | Passive, Event::Request { peer_is_silent: true }) => Ok(Active),
            _ => Ok(self),
        }
    }

    /// The name, as it is told to the peer.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
            Self::Active => "active",
            Self::Passive => "passive",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        let states = [Self::Primary, Self::Backup, Self::Active, Self::Passive];
        states.into_iter().find(|state| state.name().as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Event::{Peer, Request};
    use super::State::{Active, Backup, Passive, Primary};
    use super::*;

    const ALL: [State; 4] = [Primary, Backup, Active, Passive];

    /// The states of both after each has heard of the other so often, by turns.
    fn talk(mut one: State, mut other: State) -> Result<(State, State), Conflict> {
        for _ in 0..4 {
            (one, other) = (one.after(Peer(other))?, other.after(Peer(one))?);
        }
        Ok((one, other))
    }

    #[test]
    fn the_primary_becomes_active() {
        assert_eq!(talk(Primary, Backup), Ok((Active, Passive)));
    }

    #[test]
    fn a_server_that_comes_back_does_not_take_over() {
        assert_eq!(talk(Primary, Active), Ok((Passive, Active)));
        assert_eq!(talk(Active, Backup), Ok((Active, Passive)));
    }

    #[test]
    fn the_passive_one_replaces_an_active_one_that_has_forgotten() {
        assert_eq!(talk(Primary, Passive), Ok((Passive, Active)));
        assert_eq!(talk(Passive, Backup), Ok((Active, Passive)));
    }

    #[test]
    fn it_takes_silence_and_a_request_to_take_over() {
        let (served, silent) = (Request { peer_is_silent: false }, Request { peer_is_silent: true });
        assert_eq!(Passive.after(served), Ok(Passive));
        assert_eq!(Passive.after(silent), Ok(Active));
        assert_eq!(Primary.after(served), Ok(Primary));
        assert_eq!(Primary.after(silent), Ok(Active));
        assert_eq!(Backup.after(silent), Ok(Backup));
    }

    #[test]
    fn contradictions_are_errors() {
        for state in ALL {
            assert!(talk(state, state).is_err(), "{state:?}");
        }
        // All other pairs agree in the end.
        for (one, other) in ALL.into_iter().flat_map(|one| ALL.map(|other| (one, other))) {
            if let Ok(states) = talk(one, other) {
                assert!(
                    matches!(states, (Active, Passive) | (Passive, Active)),
                    "{one:?} {other:?}: {states:?}"
                );
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for state in ALL {
            assert_eq!(State::named(state.name().as_bytes()), Some(state));
        }
        assert_eq!(State::named(b"asleep"), None);
    }
}
