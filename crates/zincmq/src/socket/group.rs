//! To bind or connect to a multicast endpoint, which is the same.

use crate::command::{Attach, Join, ToIo};
use crate::endpoint::Endpoint;
use crate::engine::multicast::Multicast;
use crate::error::{Error, Result};
use crate::life::fresh_id;
use crate::monitor::{EventKind, Sides};
use crate::pattern::contract::Attached;
use crate::pipe::{Conflates, Ends, pipe};
use crate::socket::Core;
use crate::socket::endpoints::bind_failed;
use crate::socket::entry::{Entry, More};
use crate::transport::multicast::{Address, Encapsulation, Port, Role};
use rustix::io::Errno;
use std::sync::Arc;

/// `ENOCOMPATPROTO` of C.
const INCOMPATIBLE: i32 = 156_384_712 + 52;

impl Core {
    /// Takes part in a group.
    pub(super) fn join(
        &mut self,
        text: &str,
        endpoint: &Endpoint,
        encapsulation: Encapsulation,
        bound: bool,
    ) -> Result<()> {
        let role = self.role(text)?;
        let again = self.endpoints.iter().any(|entry| entry.name() == text);
        if again && self.owner.socket_type.profile().once_per_endpoint {
            return Ok(());
        }
        let (_, io) = self.choose_io(text)?;
        let options = &self.peers.options;
        let opened = Address::parse(encapsulation, endpoint.address(), options)
            .map_err(Into::into)
            .and_then(|address| Port::open(encapsulation, &address, options, role));
        let port = opened.map_err(|error| bind_failed(text, error)).inspect_err(|error| {
            let sides = Sides::of(text, !bound);
            self.owner.monitor.emit(EventKind::BindFailed, error.errno() as u64, sides);
        })?;
        let conflates = Conflates::new(self.owner.socket_type, options);
        let (ours, Ends { writer, reader }) = pipe(&self.owner.pool, conflates, options);
        let engine = Multicast::new(port, (reader, writer), role, options)
            .map_err(|error| Error::endpoint(text, error.to_string(), Errno::INVAL.raw_os_error()))?;
        let (id, pipe, board) = (fresh_id(), fresh_id(), Arc::default());
        let origin = self.origin(id, text);
        let more = More { bound, board: Some(Arc::clone(&board)), ..More::default() };
        self.add(Entry { more: Some(Box::new(more)), ..Entry::connects(&origin, &io) });
        self.attach(Attach {
            pipe,
            endpoint: id,
            ends: ours,
            how: Attached { takes_all: true, ..Attached::default() },
            io: Some(io.inbox.clone()),
            connection: None,
            disconnect_msg: Vec::new(),
            told: None,
        });
        let kind = if bound { EventKind::Listening } else { EventKind::Connected };
        self.owner.monitor.emit(kind, engine.number(), Sides::of(text, !bound));
        let join = Join { origin, pipe, engine, bound, board };
        self.involve(&io);
        io.give(ToIo::Join(Box::new(join)));
        Ok(())
    }

    /// The side of this socket, if its type has one, and if nothing is to be secret: packets for a group are plain.
    fn role(&self, text: &str) -> Result<Role> {
        let profile = self.owner.socket_type.profile();
        if !profile.publishes && !profile.subscribes {
            let reason = format!("a {} socket does not speak multicast", self.owner.socket_type);
            return Err(Error::endpoint(text, reason, INCOMPATIBLE));
        }
        let options = &self.peers.options;
        if options.mechanism != 0 || !options.zap_domain.is_empty() {
            let reason = "multicast has no security: PLAIN, CURVE and ZAP_DOMAIN cannot be kept".to_owned();
            return Err(Error::endpoint(text, reason, Errno::INVAL.raw_os_error()));
        }
        Ok(if profile.publishes { Role::Send } else { Role::Receive })
    }
}
