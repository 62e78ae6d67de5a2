//! The stream transports over loopback: bind, connect, accept, and the names of the ends.

use super::contract::Bound;
use super::net::socks::Destination;
use super::{Accept, AddressError, BindError, Link, Side, Target, Transport, by_scheme};
use crate::option::{Options, by_name};
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;

fn options(set: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    for (name, value) in set {
        let row = by_name(name).unwrap();
        options.set_value(row, row.parse(value).unwrap()).unwrap();
    }
    options
}

fn tcp() -> &'static dyn Transport {
    by_scheme("tcp").unwrap()
}

fn ipc() -> &'static dyn Transport {
    by_scheme("ipc").unwrap()
}

fn address(bound: &Bound) -> &str {
    bound.endpoint.split_once("://").unwrap().1
}

fn wait(fd: &impl AsFd, for_what: PollFlags) {
    assert_eq!(poll(&mut [PollFd::new(fd, for_what)], None).unwrap(), 1);
}

fn connect(transport: &dyn Transport, address: &str, options: &Options) -> io::Result<(OwnedFd, Link)> {
    let target = transport.resolve(address, options)?;
    let (fd, done) = transport.connect(&target, 0, options)?;
    if !done {
        wait(&fd, PollFlags::OUT);
    }
    let endpoint = format!("{}://{address}", transport.scheme());
    let link = transport.connected(fd.as_fd(), &endpoint, options)?;
    Ok((fd, link))
}

fn accept(
    transport: &dyn Transport,
    bound: &Bound,
    options: &Options,
) -> io::Result<Option<(OwnedFd, Link)>> {
    wait(&bound.fd, PollFlags::IN);
    Ok(match transport.accept(bound.fd.as_fd(), &bound.endpoint, options)? {
        Accept::Connection(fd, link) => Some((fd, link)),
        Accept::Refused => None,
    })
}

/// Both ends are non-blocking, close-on-exec, and joined.
fn assert_joined(one: &OwnedFd, other: &OwnedFd) {
    for fd in [one, other] {
        assert!(rustix::fs::fcntl_getfl(fd).unwrap().contains(rustix::fs::OFlags::NONBLOCK));
        assert!(rustix::io::fcntl_getfd(fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }
    assert_eq!(rustix::io::write(one, b"through").unwrap(), 7);
    wait(other, PollFlags::IN);
    let mut buffer = [0; 8];
    assert_eq!(rustix::io::read(other, &mut buffer).unwrap(), 7);
}

#[test]
fn schemes() {
    for scheme in ["tcp", "ipc"] {
        assert_eq!(by_scheme(scheme).unwrap().scheme(), scheme);
    }
    for scheme in ["TCP", "", "inproc", "nonsense"] {
        assert!(by_scheme(scheme).is_none());
    }
}

#[test]
fn tcp_joins_and_names_the_ends() {
    for (bind, set) in [
        ("127.0.0.1:*", &[][..]),
        ("*:*", &[]),
        ("lo:0", &[]),
        ("localhost:*", &[]),
        ("[::1]:*", &[("ipv6", "1")]),
        ("::1:0", &[("ipv6", "1")]),
        ("127.0.0.1:*", &[("ipv6", "1")]),
    ] {
        let options = options(set);
        tcp().check(bind, Side::Bind, &options).unwrap();
        let bound = tcp().bind(bind, &options).unwrap();
        tcp().check(address(&bound), Side::Connect, &options).unwrap();
        let (client, ours) = connect(tcp(), address(&bound), &options).unwrap();
        let (server, theirs) = accept(tcp(), &bound, &options).unwrap().unwrap();
        assert_joined(&client, &server);
        assert_joined(&server, &client);
        assert_eq!((ours.local(), ours.remote()), (theirs.remote(), theirs.local()), "{bind}");
        assert!(["127.0.0.1", "::1"].contains(&theirs.peer_address()), "{theirs:?}");
        let again = tcp().accept(bound.fd.as_fd(), &bound.endpoint, &options).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn tcp_wildcards_are_resolved() {
    let bound = tcp().bind("*:*", &options(&[])).unwrap();
    let port = bound.endpoint.strip_prefix("tcp://0.0.0.0:").unwrap();
    assert_ne!(port.parse::<u16>().unwrap(), 0);
    let taken = tcp().bind(&format!("127.0.0.1:{port}"), &options(&[])).unwrap_err();
    assert_eq!(taken.errno(), 98, "{taken}");

    // With IPV6 the wildcard takes both families.
    let six = options(&[("ipv6", "1")]);
    let bound = tcp().bind("*:*", &six).unwrap();
    let port = bound.endpoint.strip_prefix("tcp://[::]:").unwrap();
    let (_client, _) = connect(tcp(), &format!("127.0.0.1:{port}"), &options(&[])).unwrap();
    let (_server, link) = accept(tcp(), &bound, &six).unwrap().unwrap();
    assert_eq!(link.peer_address(), "127.0.0.1");
}

#[test]
fn tcp_refusals_have_their_numbers() {
    for (address, set, errno) in [
        ("127.0.0.1", &[][..], 22),
        ("127.0.0.1:65536", &[], 22),
        ("127.0.0.1:80x", &[], 22),
        (":80", &[], 22),
        ("[::1]:*", &[], 19),
        ("no-such-device.invalid:*", &[], 19),
        ("203.0.113.77:*", &[], 99),
    ] {
        let error = tcp().bind(address, &options(set)).unwrap_err();
        assert_eq!(error.errno(), errno, "{error}");
        assert!(error.to_string().contains(&format!("\"tcp://{address}\"")), "{error}");
    }
    for (address, set) in [
        ("127.0.0.1", &[][..]),
        ("in val id:80", &[]),
        ("*:80", &[]),
        ("localhost:*", &[]),
        ("lo;localhost", &[]),
        ("127.0.0.1:80", &[("socks_proxy", "proxy")]),
    ] {
        let error = tcp().check(address, Side::Connect, &options(set)).unwrap_err();
        assert!(matches!(error, AddressError::Invalid { .. }), "{address}");
    }
    for address in ["localhost:1234", "127.0.0.1:0", "127.0.0.1:0;localhost:80", "lo:5555;[::1]:80"] {
        tcp().check(address, Side::Connect, &options(&[])).unwrap();
    }
}

#[test]
fn tcp_connecting_tells_failure() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = connect(tcp(), &closed.to_string(), &options(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let error = connect(tcp(), "[::1]:1", &options(&[])).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(19));
}

#[test]
fn tcp_does_not_take_itself_for_a_peer() {
    // Bound to the port it connects to, a socket meets itself.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = connect(tcp(), &format!("127.0.0.1:{port};127.0.0.1:{port}"), &options(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn tcp_connects_from_a_source() {
    let bound = tcp().bind("127.0.0.1:*", &options(&[])).unwrap();
    for source in ["127.0.0.2:0", "127.0.0.2", "lo"] {
        let to = format!("{source};{}", address(&bound));
        let (_client, ours) = connect(tcp(), &to, &options(&[("ipv6", "1")])).unwrap();
        let (_server, theirs) = accept(tcp(), &bound, &options(&[])).unwrap().unwrap();
        assert_eq!(theirs.remote(), ours.local());
        assert_eq!(theirs.peer_address(), if source == "lo" { "127.0.0.1" } else { "127.0.0.2" });
    }
}

#[test]
fn tcp_tries_one_address_after_another() {
    let bound = tcp().bind("127.0.0.1:*", &options(&[])).unwrap();
    let good = address(&bound).parse().unwrap();
    let bad = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = Target::Internet { source: None, addresses: vec![bad, good], proxied: None };
    for (attempt, works) in [(0, false), (1, true), (2, false), (3, true)] {
        let (fd, _) = tcp().connect(&target, attempt, &options(&[])).unwrap();
        wait(&fd, PollFlags::OUT);
        assert_eq!(tcp().connected(fd.as_fd(), "", &options(&[])).is_ok(), works, "{attempt}");
    }
}

#[test]
fn tcp_filters() {
    for (filter, admitted) in [("127.0.0.0/8", true), ("10.0.0.0/8", false), ("::/0", false)] {
        let options = options(&[("tcp_accept_filter", filter)]);
        let bound = tcp().bind("127.0.0.1:*", &options).unwrap();
        let (client, _) = connect(tcp(), address(&bound), &options).unwrap();
        assert_eq!(accept(tcp(), &bound, &options).unwrap().is_some(), admitted, "{filter}");
        wait(&client, PollFlags::IN);
        assert_eq!(rustix::io::read(&client, &mut [0; 8]).unwrap(), 0);
    }
}

#[test]
fn tcp_applies_options() {
    let options = options(&[
        ("sndbuf", "10000"),
        ("rcvbuf", "20000"),
        ("tos", "40"),
        ("priority", "3"),
        ("tcp_keepalive", "1"),
        ("tcp_keepalive_idle", "11"),
        ("tcp_keepalive_intvl", "12"),
        ("tcp_keepalive_cnt", "13"),
        ("tcp_maxrt", "14000"),
    ]);
    let bound = tcp().bind("127.0.0.1:*", &options).unwrap();
    let (client, _) = connect(tcp(), address(&bound), &options).unwrap();
    let (server, _) = accept(tcp(), &bound, &options).unwrap().unwrap();
    for fd in [&client, &server] {
        use rustix::net::sockopt::*;
        // The system doubles the size of buffers.
        assert_eq!(
            (socket_send_buffer_size(fd).unwrap(), socket_recv_buffer_size(fd).unwrap()),
            (20000, 40000)
        );
        assert!(tcp_nodelay(fd).unwrap() && socket_keepalive(fd).unwrap());
        assert_eq!(tcp_keepidle(fd).unwrap().as_secs(), 11);
        assert_eq!(tcp_keepintvl(fd).unwrap().as_secs(), 12);
        assert_eq!(tcp_keepcnt(fd).unwrap(), 13);
        assert_eq!(tcp_user_timeout(fd).unwrap(), 14000);
    }
    assert_eq!(rustix::net::sockopt::ip_tos(&client).unwrap(), 40);
}

#[test]
fn tcp_through_a_proxy_looks_up_the_proxy_only() {
    let options = options(&[("socks_proxy", "127.0.0.1:1080"), ("socks_username", "me")]);
    assert!(!tcp().needs_lookup("peer.invalid:80", &options));
    let target = tcp().resolve("peer.invalid:80", &options).unwrap();
    let Target::Internet { addresses, proxied, .. } = &target else { panic!() };
    assert_eq!(addresses[..], ["127.0.0.1:1080".parse().unwrap()]);
    assert_eq!(*proxied, Some(Destination::Name("peer.invalid".into(), 80)));
    assert_eq!(target.proxy(&options).unwrap().output(), [5, 1, 2]);

    let plain = Options::default();
    assert!(tcp().needs_lookup("peer.invalid:80", &plain));
    assert!(!tcp().needs_lookup("127.0.0.1:80", &plain));
    assert!(!tcp().needs_lookup("lo;[::1]:80", &plain));
    assert!(tcp().resolve("127.0.0.1:80", &plain).unwrap().proxy(&plain).is_none());
    assert!(tcp().resolve("peer.invalid:80", &plain).is_err());
}

#[test]
fn tcp_connects_to_a_proxy_from_a_source() {
    let options = options(&[("socks_proxy", "127.0.0.2:0;127.0.0.1:1080")]);
    tcp().check("peer.invalid:80", Side::Connect, &options).unwrap();
    let target = tcp().resolve("peer.invalid:80", &options).unwrap();
    let Target::Internet { source, addresses, .. } = &target else { panic!() };
    assert_eq!(*source, Some("127.0.0.2:0".parse().unwrap()));
    assert_eq!(addresses[..], ["127.0.0.1:1080".parse().unwrap()]);
}

#[test]
fn descriptors_of_the_application() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let given = options(&[("use_fd", &listener.as_raw_fd().to_string())]);
    let bound = tcp().bind("*:1", &given).unwrap();
    assert_eq!(bound.endpoint, format!("tcp://{}", listener.local_addr().unwrap()));
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = accept(tcp(), &bound, &given).unwrap().unwrap();
    rustix::io::write(&server, b"x").unwrap();
    client.read_exact(&mut [0]).unwrap();
    client.write_all(b"y").unwrap();

    for fd in [client.as_raw_fd(), i32::MAX] {
        let error = tcp().bind("*:1", &options(&[("use_fd", &fd.to_string())])).unwrap_err();
        assert!(matches!(error, BindError::System { .. }), "{error}");
    }
}

#[test]
fn ipc_joins_and_names_the_ends() {
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    let directory = tempdir();
    for bind in [format!("{directory}/socket"), format!("@zincmq-{}", std::process::id()), "*".to_owned()] {
        let options = Options::default();
        ipc().check(&bind, Side::Bind, &options).unwrap();
        let bound = ipc().bind(&bind, &options).unwrap();
        assert!(bind == "*" || bound.endpoint == format!("ipc://{bind}"));
        let (client, ours) = connect(ipc(), address(&bound), &options).unwrap();
        let (server, theirs) = accept(ipc(), &bound, &options).unwrap().unwrap();
        assert_joined(&client, &server);
        // Who connects has no name of its own.
        assert_eq!((ours.local(), ours.remote()), ("ipc://", &*bound.endpoint));
        assert_eq!((theirs.local(), theirs.remote()), (&*bound.endpoint, "ipc://"));
        assert_eq!(ours.peer_address(), theirs.peer_address());
        let credentials = format!("localhost:{}:{}:{}", uid.as_raw(), gid.as_raw(), std::process::id());
        assert_eq!(ours.peer_address(), credentials);
        let again = ipc().accept(bound.fd.as_fd(), &bound.endpoint, &options).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::WouldBlock);
    }
    std::fs::remove_dir_all(directory).unwrap();
}

/// A directory of this test's own: the wildcard's, made anew.
fn tempdir() -> String {
    let bound = ipc().bind("*", &Options::default()).unwrap();
    let directory = Path::new(address(&bound)).parent().unwrap().to_str().unwrap().to_owned();
    drop(bound);
    std::fs::create_dir(&directory).unwrap();
    directory
}

#[test]
fn ipc_wildcard_leaves_nothing_behind() {
    let bound = ipc().bind("*", &Options::default()).unwrap();
    let file = Path::new(address(&bound)).to_owned();
    assert!(file.exists());
    drop(bound);
    assert!(!file.exists() && !file.parent().unwrap().exists());
}

#[test]
fn ipc_takes_over_sockets_but_no_other_files() {
    let directory = tempdir();
    let path = format!("{directory}/socket");
    let first = ipc().bind(&path, &Options::default()).unwrap();
    let second = ipc().bind(&path, &Options::default()).unwrap();
    let (_client, _) = connect(ipc(), &path, &Options::default()).unwrap();
    assert!(accept(ipc(), &second, &Options::default()).unwrap().is_some());
    drop((first, second));
    assert!(Path::new(&path).exists());
    let refused = connect(ipc(), &path, &Options::default()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let file = format!("{directory}/file");
    std::fs::write(&file, "precious").unwrap();
    assert_eq!(ipc().bind(&file, &Options::default()).unwrap_err().errno(), 98);
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn ipc_refusals_have_their_numbers() {
    let longest = format!("@{}", "x".repeat(106));
    assert!(ipc().check(&longest, Side::Bind, &Options::default()).is_ok());
    let too_long = format!("/{}", "x".repeat(107));
    for (address, errno) in [(&too_long[..], 36), ("@", 22), ("a\0b", 22)] {
        for side in [Side::Bind, Side::Connect] {
            assert_eq!(ipc().check(address, side, &Options::default()).unwrap_err().errno(), errno);
        }
        assert_eq!(ipc().bind(address, &Options::default()).unwrap_err().errno(), errno);
    }
    assert!(ipc().check("*", Side::Connect, &Options::default()).is_err());
    let nowhere = ipc().bind("/no/such/directory", &Options::default()).unwrap_err();
    assert_eq!(nowhere.errno(), 2, "{nowhere}");
    let nobody = connect(ipc(), "/no/such/socket", &Options::default()).unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::NotFound);
}

#[test]
fn ipc_filters() {
    let (uid, pid) = (rustix::process::getuid().as_raw(), std::process::id());
    for (option, value, admitted) in [
        ("ipc_filter_uid", uid, true),
        ("ipc_filter_uid", uid + 1, false),
        ("ipc_filter_pid", pid, true),
        ("ipc_filter_pid", pid + 1, false),
        ("ipc_filter_gid", rustix::process::getgid().as_raw(), true),
        ("ipc_filter_gid", 3_999_999_999, false),
    ] {
        let options = options(&[(option, &value.to_string())]);
        let bound = ipc().bind("*", &options).unwrap();
        let (_client, _) = connect(ipc(), address(&bound), &options).unwrap();
        assert_eq!(accept(ipc(), &bound, &options).unwrap().is_some(), admitted, "{option} {value}");
    }
}

#[test]
fn ipc_uses_a_descriptor_of_the_application() {
    let directory = tempdir();
    let path = format!("{directory}/socket");
    let listener = UnixListener::bind(&path).unwrap();
    let given = options(&[("use_fd", &listener.as_raw_fd().to_string())]);
    let bound = ipc().bind(&path, &given).unwrap();
    let (_client, _) = connect(ipc(), &path, &given).unwrap();
    assert!(accept(ipc(), &bound, &given).unwrap().is_some());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn ipc_backlog_overflow_is_a_refusal() {
    let options = options(&[("backlog", "0")]);
    let bound = ipc().bind("*", &options).unwrap();
    let mut held = Vec::new();
    let refused = loop {
        match connect(ipc(), address(&bound), &options) {
            Ok(connection) => held.push(connection),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}
