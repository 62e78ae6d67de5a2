//! Socket and context options.

/// All options of one socket (a stub: the table comes with the option module).
#[derive(Clone, Debug, Default)]
pub struct Options {}
