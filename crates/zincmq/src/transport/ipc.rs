//! Local sockets: `ipc:///path`, `ipc://@abstract`, `ipc://*` (`zmq_ipc(7)`).

use super::contract::{Accept, AddressError, BindError, Bound, Cleanup, Link, Side, Target, Transport};
use super::net::duplicate;
use super::net::options::buffers;
use crate::option::Options;
use rustix::io::Errno;
use rustix::net::sockopt::{socket_error, socket_peercred};
use rustix::net::{AddressFamily, SocketFlags, SocketType, accept_with, listen, socket_with};
use socket2::{SockAddr, SockRef};
use std::hash::{BuildHasher, RandomState};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
use std::path::PathBuf;
use std::{env, fs, io};

/// The longest path or name in bytes: the system's 108 with the NUL, or the mark of an abstract name.
const LIMIT: usize = 107;

/// The transport over local sockets.
#[derive(Debug)]
pub(super) struct Ipc;

impl Transport for Ipc {
    fn scheme(&self) -> &'static str {
        "ipc"
    }

    fn check(&self, address: &str, side: Side, _: &Options) -> Result<(), AddressError> {
        if address == "*" && side == Side::Bind { Ok(()) } else { parse(address).map(drop) }
    }

    fn bind(&self, address: &str, options: &Options) -> Result<Bound, BindError> {
        let (address, cleanup) = if address == "*" && options.use_fd < 0 {
            let (file, cleanup) = temporary().map_err(|source| BindError::System {
                endpoint: "ipc://*".to_owned(),
                step: "make a temporary directory",
                source,
            })?;
            (file, Some(cleanup))
        } else {
            (address.to_owned(), None)
        };
        let place = parse(&address)?;
        let endpoint = format!("ipc://{address}");
        let fd = if options.use_fd >= 0 {
            duplicate(options.use_fd).map_err(|error| ("use the descriptor in USE_FD", error))
        } else {
            listen_at(&place, options)
        };
        match fd {
            Ok(fd) => Ok(Bound { fd, endpoint, cleanup }),
            Err((step, source)) => Err(BindError::System { endpoint, step, source }),
        }
    }

    fn leaves_choice(&self, address: &str) -> bool {
        address == "*"
    }

    fn accept(&self, listener: BorrowedFd<'_>, endpoint: &str, options: &Options) -> io::Result<Accept> {
        let fd = accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        let peer = Peer::of(fd.as_fd())?;
        if !peer.admitted(options) {
            return Ok(Accept::Refused);
        }
        Ok(Accept::Connection(fd, link(endpoint, NAMELESS, &peer)))
    }

    fn resolve(&self, address: &str, _: &Options) -> io::Result<Target> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        Ok(Target::Other(parse(address).map_err(invalid)?))
    }

    fn connect(&self, target: &Target, _: usize, options: &Options) -> io::Result<(OwnedFd, bool)> {
        let Target::Other(place) = target else { return Err(Errno::AFNOSUPPORT.into()) };
        let fd = open(options)?;
        let Err(error) = SockRef::from(&fd).connect(place) else { return Ok((fd, true)) };
        match Errno::from_io_error(&error) {
            Some(Errno::INPROGRESS) => Ok((fd, false)),
            // A full backlog; the system does not tell when there is room again.
            Some(Errno::AGAIN) => Err(Errno::CONNREFUSED.into()),
            _ => Err(error),
        }
    }

    fn connected(&self, fd: BorrowedFd<'_>, endpoint: &str, _: &Options) -> io::Result<Link> {
        socket_error(fd)??;
        Ok(link(NAMELESS, endpoint, &Peer::of(fd)?))
    }
}

/// Reads a path, or `@` and an abstract name.
fn parse(address: &str) -> Result<SockAddr, AddressError> {
    let endpoint = || format!("ipc://{address}");
    let invalid = |reason| AddressError::Invalid { endpoint: endpoint(), reason };
    match address {
        "*" => return Err(invalid("\"*\" can be bound, not connected to")),
        "@" => return Err(invalid("there is no name after \"@\"")),
        "" => return Err(invalid("there is no path")),
        _ if address.len() > LIMIT => {
            return Err(AddressError::TooLong { endpoint: endpoint(), limit: LIMIT });
        }
        _ => {}
    }
    let place = match address.strip_prefix('@') {
        Some(name) => SockAddr::unix(format!("\0{name}")),
        None if address.contains('\0') => return Err(invalid("the path has a NUL in it")),
        None => SockAddr::unix(address),
    };
    place.map_err(|_| invalid("the system does not take the path"))
}

/// A new temporary directory, private to the user, and the path of the socket to come in it.
fn temporary() -> io::Result<(String, Cleanup)> {
    let set = ["TMPDIR", "TEMPDIR", "TMP"].into_iter().filter_map(env::var_os).map(PathBuf::from);
    let parent = set.into_iter().find(|path| path.is_dir()).unwrap_or_default();
    loop {
        // Six base-36 digits, unpredictable.
        let mut random = RandomState::new().hash_one(0);
        let digits = std::iter::repeat_with(|| {
            let digit = char::from_digit((random % 36) as u32, 36);
            random /= 36;
            digit.unwrap_or('0')
        });
        let directory = parent.join(format!("tmp{}", digits.take(6).collect::<String>()));
        match fs::DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => {
                let file = directory.join("socket");
                let text = file.to_str().map(str::to_owned);
                let cleanup = Cleanup::new(directory, file);
                return Ok((text.ok_or(Errno::ILSEQ)?, cleanup));
            }
        }
    }
}

fn open(options: &Options) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    buffers(&fd, options)?;
    Ok(fd)
}

fn listen_at(place: &SockAddr, options: &Options) -> Result<OwnedFd, (&'static str, io::Error)> {
    let fd = open(options).map_err(|error| ("set up a socket", error))?;
    if let Some(path) = place.as_pathname() {
        // A socket left over, or in use, gives way; any other file is not ours to remove.
        if fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
            fs::remove_file(path).map_err(|error| ("remove the old socket", error))?;
        }
    }
    SockRef::from(&fd).bind(place).map_err(|error| ("bind", error))?;
    listen(&fd, options.backlog).map_err(|error| ("listen", error.into()))?;
    Ok(fd)
}

/// The process at the other end.
struct Peer {
    pid: u32,
    uid: u32,
    gid: u32,
}

impl Peer {
    fn of(fd: BorrowedFd<'_>) -> io::Result<Self> {
        let credentials = socket_peercred(fd)?;
        Ok(Self {
            pid: credentials.pid.as_raw_nonzero().get().cast_unsigned(),
            uid: credentials.uid.as_raw(),
            gid: credentials.gid.as_raw(),
        })
    }

    /// Whether a filter admits the peer, or there is none.
    fn admitted(&self, options: &Options) -> bool {
        let (pids, uids, gids) = (&options.ipc_filter_pid, &options.ipc_filter_uid, &options.ipc_filter_gid);
        (pids.is_empty() && uids.is_empty() && gids.is_empty())
            || pids.contains(&self.pid)
            || uids.contains(&self.uid)
            || gids.contains(&self.gid)
            || (!gids.is_empty() && self.in_group_of(gids))
    }

    /// Whether the peer's user is listed as a member of one of these groups.
    fn in_group_of(&self, gids: &[u32]) -> bool {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let (users, groups) = (read("/etc/passwd"), read("/etc/group"));
        // name:x:id:... in both files; a group's fourth field lists its members.
        let id = |line: &str| line.split(':').nth(2).and_then(|id| id.parse::<u32>().ok());
        let user =
            users.lines().find(|line| id(line) == Some(self.uid)).and_then(|line| line.split(':').next());
        let ours = groups.lines().filter(|line| id(line).is_some_and(|gid| gids.contains(&gid)));
        let mut members = ours.flat_map(|line| line.split(':').nth(3).unwrap_or_default().split(','));
        user.is_some_and(|user| members.any(|member| member == user))
    }
}

/// Connecting sockets have no name of their own.
const NAMELESS: &str = "ipc://";

fn link(local: &str, remote: &str, peer: &Peer) -> Link {
    Link::new(local, remote, &format!("localhost:{}:{}:{}", peer.uid, peer.gid, peer.pid))
}
