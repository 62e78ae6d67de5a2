use super::*;
use crate::poller::{zmq_poller_destroy, zmq_poller_new, zmq_poller_size};

/// Does the child's part: a number other than 0 says which step went wrong.
fn child(link: &Link, poller: *mut c_void, endpoint: &str) -> c_int {
    let denied = |returned: c_int, expected| returned == -1 && errno() == expected;
    let steps: [&dyn Fn() -> bool; 8] = [
        &|| denied(send(link.other, b"x", 0), libc::ENOTSOCK),
        &|| zmq_socket(link.context, PUSH).is_null() && errno() == libc::EFAULT,
        &|| denied(zmq_poller_size(poller), libc::EFAULT),
        &|| zmq_close(link.bound) == 0,
        &|| denied(zmq_close(link.bound), libc::ENOTSOCK),
        &|| zmq_ctx_term(link.context) == 0,
        &|| denied(zmq_ctx_term(link.context), libc::EFAULT),
        &|| {
            let context = zmq_ctx_new();
            let socket = zmq_socket(context, PUSH);
            connect(socket, endpoint);
            send(socket, b"child", 0) == 5 && zmq_close(socket) == 0 && zmq_ctx_term(context) == 0
        },
    ];
    steps.iter().position(|step| !step()).map_or(0, |step| step as c_int + 1)
}

#[test]
fn a_child_closes_what_it_inherits_and_makes_its_own() {
    let link = Link::new(PULL, PUSH, TCP);
    let mut poller = zmq_poller_new();
    let endpoint = last_endpoint(link.bound);
    // SAFETY: the child makes threads and takes memory only after fork, which the C library allows for.
    unsafe {
        let process = libc::fork();
        if process == 0 {
            libc::_exit(child(&link, poller, &endpoint));
        }
        assert_eq!(receive(link.bound, 0).1, b"child");
        let mut status = -1;
        assert_eq!(libc::waitpid(process, &raw mut status, 0), process);
        assert_eq!(status, 0);
        done(send(link.other, b"parent", 0));
        assert_eq!(receive(link.bound, 0).1, b"parent");
        done(zmq_poller_destroy(&raw mut poller));
    }
}
