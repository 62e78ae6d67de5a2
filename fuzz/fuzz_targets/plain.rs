//! The opening with PLAIN, on both sides: the same end as a little parser's, however the stream is cut. The
//! authenticator is told what the HELLO says, and nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq_fuzz::input::Input;
use zincmq_fuzz::model::Role;
use zincmq_fuzz::{feed, parties};
use zmtp::Security;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let choice = input.byte();
    let (local, role) = if choice & 1 == 0 {
        (parties::local(parties::plain_client(), Some(b"me")), Role::PlainClient)
    } else {
        (parties::local(Security::PlainServer, None), Role::PlainServer)
    };
    let (verdict, cuts) = (feed::verdict(choice >> 1), input.text());
    feed::compare(&local, role, verdict, input.rest(), cuts);
});
