//! The opening with NULL: the same end as a little parser's, however the stream is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq_fuzz::input::Input;
use zincmq_fuzz::model::Role;
use zincmq_fuzz::{feed, parties};
use zmtp::Security;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let choice = input.byte();
    let zap = choice & 1 != 0;
    let local = parties::local(Security::Null { zap }, Some(b"me"));
    let (verdict, cuts) = (feed::verdict(choice >> 1), input.text());
    feed::compare(&local, Role::Null { zap }, verdict, input.rest(), cuts);
});
