//! The parties of a conversation. Their keys and random bytes are always the same ones, so that an input that found
//! something finds it again.

use std::cell::Cell;
use zmtp::{Keypair, Local, NoRandomness, SecretKey, Security, SocketName};

pub const DEALER: SocketName = SocketName { name: "DEALER", code: 5, peers: &["REP", "DEALER", "ROUTER"] };
pub const ROUTER: SocketName = SocketName { name: "ROUTER", code: 6, peers: &["REQ", "DEALER", "ROUTER"] };

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// Begins random bytes anew: those of a true conversation, or others, which make a repeated one worthless.
pub fn reset(talk: bool) {
    STATE.set(u64::from(talk));
}

/// Bytes that only look random.
fn random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    for byte in bytes {
        let state =
            STATE.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        STATE.set(state);
        *byte = (state >> 56) as u8;
    }
    Ok(())
}

/// A side with this security. The client's says its routing id.
pub fn local(security: Security, routing_id: Option<&[u8]>) -> Local {
    Local {
        socket_type: if routing_id.is_some() { DEALER } else { ROUTER },
        routing_id: routing_id.map(<[u8]>::to_vec),
        metadata: Vec::new(),
        security,
        random,
        allow_old: false,
    }
}

/// The keys of a client and a server, which are made once.
pub fn keys() -> &'static (Keypair, Keypair) {
    static KEYS: std::sync::LazyLock<(Keypair, Keypair)> =
        std::sync::LazyLock::new(|| (SecretKey::new([1; 32]).into(), SecretKey::new([2; 32]).into()));
    &KEYS
}

pub fn curve_client() -> Security {
    let (client, server) = keys();
    let Keypair { public, secret } = client.clone();
    Security::CurveClient { public, secret, server: server.public }
}

pub fn curve_server(zap: bool) -> Security {
    Security::CurveServer { secret: keys().1.secret.clone(), zap }
}

pub fn plain_client() -> Security {
    Security::PlainClient { user: "alice".to_owned(), password: "sesame".into() }
}
