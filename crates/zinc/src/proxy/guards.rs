//! The security of each of the proxy's sockets.

use crate::failure::Failure;
use crate::security::{Guard, Security};
use std::path::Path;

/// How the file secures the sockets, by their roles; `all` is for those without a part of their own.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sections {
    all: Option<Security>,
    front: Option<Security>,
    back: Option<Security>,
    capture: Option<Security>,
    control: Option<Security>,
    stats: Option<Security>,
}

pub(super) struct Guards {
    pub(super) front: Guard,
    pub(super) back: Guard,
    pub(super) capture: Guard,
    pub(super) control: Guard,
    pub(super) stats: Guard,
}

impl Guards {
    /// The same for all sockets.
    pub(super) fn same(security: &Security) -> Result<Self, Failure> {
        Ok(Self::shared(&security.guard("front")?))
    }

    fn shared(guard: &Guard) -> Self {
        Self {
            front: guard.for_role("front"),
            back: guard.for_role("back"),
            capture: guard.for_role("capture"),
            control: guard.for_role("control"),
            stats: guard.for_server("stats"),
        }
    }

    pub(super) fn of_file(sections: &Sections, file: &Path) -> Result<Self, Failure> {
        let shared = match &sections.all {
            Some(all) => all.guard_in("all", file, "security.all")?,
            None => Guard::none("all"),
        };
        let shared = Self::shared(&shared);
        let own = |security: &Option<Security>, role: &str, shared: Guard| match security {
            Some(security) => security.guard_in(role, file, &format!("security.{role}")),
            None => Ok(shared),
        };
        Ok(Self {
            front: own(&sections.front, "front", shared.front)?,
            back: own(&sections.back, "back", shared.back)?,
            capture: own(&sections.capture, "capture", shared.capture)?,
            control: own(&sections.control, "control", shared.control)?,
            stats: own(&sections.stats, "stats", shared.stats)?,
        })
    }

    /// Those of the sockets that the proxy's own context has: both sides, and those that there may be.
    pub(super) fn in_use(&self, capture: bool, control: bool) -> Vec<&Guard> {
        let mut guards = vec![&self.front, &self.back];
        guards.extend(capture.then_some(&self.capture));
        guards.extend(control.then_some(&self.control));
        guards
    }
}
