//! Traits that are implemented here alone.

/// Groups and forms.
pub trait Sealed {}
