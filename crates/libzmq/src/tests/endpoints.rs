//! Binding and connecting, and the end of both.

use super::*;
use crate::option::zmq_setsockopt;
use crate::socket::{zmq_disconnect, zmq_unbind};
use std::net::TcpListener;

const RECONNECT_IVL: c_int = 18;

fn text(endpoint: &str) -> CString {
    CString::new(endpoint).unwrap()
}

/// A port that nobody listens at, on a loopback address of this test's own.
fn free(host: &str) -> String {
    let [.., high, low] = std::process::id().to_be_bytes();
    let listener = TcpListener::bind(format!("127.200.{high}.{low}:0")).unwrap();
    format!("tcp://{host}:{}", listener.local_addr().unwrap().port())
}

#[test]
fn an_endpoint_goes_by_the_text_that_was_bound_and_is_free_at_once() {
    for host in ["*", "localhost", "lo"] {
        let context = zmq_ctx_new();
        let mut socket = zmq_socket(context, PULL);
        // Another process may be given the port before it is bound.
        let endpoint = loop {
            let endpoint = free(host);
            // SAFETY: a C string.
            if unsafe { zmq_bind(socket, text(&endpoint).as_ptr()) } == 0 {
                break endpoint;
            }
        };
        let full = last_endpoint(socket);
        assert_ne!(full, endpoint);
        for round in 0..10 {
            if round % 2 == 0 {
                // SAFETY: a C string.
                done(unsafe { zmq_unbind(socket, text(&endpoint).as_ptr()) });
                // SAFETY: a C string.
                fails(unsafe { zmq_unbind(socket, text(&full).as_ptr()) }, libc::ENOENT);
            } else {
                done(zmq_close(socket));
                socket = zmq_socket(context, PULL);
            }
            bind(socket, &endpoint);
            assert_eq!(last_endpoint(socket), full);
        }
        done(zmq_close(socket));
        done(zmq_ctx_term(context));
    }
}

#[test]
fn what_is_not_connected_again_can_be_connected_by_hand() {
    let context = zmq_ctx_new();
    let (mut bound, other) = (zmq_socket(context, DEALER), zmq_socket(context, DEALER));
    let never = -1;
    // SAFETY: an int.
    done(unsafe { zmq_setsockopt(other, RECONNECT_IVL, (&raw const never).cast(), size_of::<c_int>()) });
    bind(bound, TCP);
    let endpoint = last_endpoint(bound);
    for round in 0..10_u8 {
        connect(other, &endpoint);
        done(send(other, &[round], 0));
        assert_eq!(receive(bound, 0).1, [round]);
        done(zmq_close(bound));
        bound = zmq_socket(context, DEALER);
        bind(bound, &endpoint);
        // Until the loss is known there is a peer to send to; then there is no endpoint either.
        while int_option(other, 15) & 2 != 0 {}
        // SAFETY: a C string.
        fails(unsafe { zmq_disconnect(other, text(&endpoint).as_ptr()) }, libc::ENOENT);
    }
    done(zmq_close(bound));
    done(zmq_close(other));
    done(zmq_ctx_term(context));
}
