//! The groups of socket types that have options of their own.

use super::sealed::Sealed;
use crate::socket_type::SocketType;

/// Socket types that have an option.
pub trait Group: Sealed {
    /// Which ones; empty: all.
    const TYPES: &'static [SocketType];
}

/// A group to which the sockets of kind `K` belong.
#[diagnostic::on_unimplemented(
    message = "a `{K}` socket does not have this option",
    label = "an option of `{Self}`"
)]
pub trait KnownTo<K>: Group {}

/// Hands the groups and their members to a macro.
macro_rules! each_group {
    ($use:ident) => {
        $use! {
            /// REQ sockets.
            Requesters: Req;
            /// ROUTER and REP sockets.
            Routers: Router Rep;
            /// ROUTER sockets.
            OnlyRouter: Router;
            /// Sockets that can make themselves known to a ROUTER: ROUTER, DEALER, REQ and REP.
            Probers: Router Dealer Req Rep;
            /// Sockets that name their peers: ROUTER, REP and STREAM.
            Namers: Router Rep Stream;
            /// STREAM sockets.
            OnlyStream: Stream;
            /// XPUB and PUB sockets.
            Publishers: XPub Pub;
            /// XSUB sockets.
            OnlyXSub: XSub;
            /// Sockets that read subscriptions, of peers or of the application: XPUB, PUB and XSUB.
            SubscriptionReaders: XPub Pub XSub;
            /// Sockets that subscribe by a call: SUB, and XPUB where `XPUB_MANUAL` is set (PUB too in C, without effect).
            Subscribers: Sub XPub Pub;
            /// Sockets that know of topics: PUB, XPUB, SUB and XSUB.
            Topics: Pub XPub Sub XSub;
        }
    };
}
pub(crate) use each_group;

/// All sockets.
#[derive(Debug)]
pub enum All {}

impl Sealed for All {}

impl Group for All {
    const TYPES: &'static [SocketType] = &[];
}

impl<K> KnownTo<K> for All {}

macro_rules! groups {
    ($($(#[doc = $doc:literal])+ $group:ident: $($kind:ident)+;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $group {}

        impl Sealed for $group {}

        impl Group for $group {
            const TYPES: &'static [SocketType] = &[$(SocketType::$kind),+];
        }
    )+};
}

each_group!(groups);
