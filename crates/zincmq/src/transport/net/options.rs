//! The options of TCP sockets.

use crate::option::Options;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::Duration;

/// Applies what must be in place before the socket listens or connects. Options at their defaults are left
/// to the system.
pub(crate) fn prepare(fd: impl AsFd, address: &SocketAddr, options: &Options) -> io::Result<()> {
    let socket = SockRef::from(&fd);
    if let SocketAddr::V6(_) = address {
        socket.set_only_v6(false)?;
    }
    buffers(&fd, options)?;
    if options.tos != 0 {
        socket.set_tos_v4(options.tos.cast_unsigned())?;
        if let SocketAddr::V6(_) = address {
            socket.set_tclass_v6(options.tos.cast_unsigned())?;
        }
    }
    if options.priority != 0 {
        socket.set_priority(options.priority.cast_unsigned())?;
    }
    if options.busy_poll != 0 {
        socket.set_busy_poll(options.busy_poll.cast_unsigned())?;
    }
    if !options.bindtodevice.is_empty() {
        socket.bind_device(Some(options.bindtodevice.as_bytes()))?;
    }
    Ok(())
}

/// Applies `SNDBUF` and `RCVBUF`.
pub(crate) fn buffers(fd: impl AsFd, options: &Options) -> io::Result<()> {
    let socket = SockRef::from(&fd);
    if let Ok(size) = usize::try_from(options.sndbuf) {
        socket.set_send_buffer_size(size)?;
    }
    if let Ok(size) = usize::try_from(options.rcvbuf) {
        socket.set_recv_buffer_size(size)?;
    }
    Ok(())
}

/// Applies what concerns a connection: no delay, keep-alive, time-out.
pub(crate) fn tune(fd: impl AsFd, options: &Options) -> io::Result<()> {
    let socket = SockRef::from(&fd);
    socket.set_tcp_nodelay(true)?;
    match options.tcp_keepalive {
        0 => socket.set_keepalive(false)?,
        1 => socket.set_tcp_keepalive(&keepalive(options))?,
        _ => {}
    }
    if let Ok(limit @ 1..) = u64::try_from(options.tcp_maxrt) {
        socket.set_tcp_user_timeout(Some(Duration::from_millis(limit)))?;
    }
    Ok(())
}

fn keepalive(options: &Options) -> TcpKeepalive {
    let mut keepalive = TcpKeepalive::new();
    if let Ok(idle @ 1..) = u64::try_from(options.tcp_keepalive_idle) {
        keepalive = keepalive.with_time(Duration::from_secs(idle));
    }
    if let Ok(interval @ 1..) = u64::try_from(options.tcp_keepalive_intvl) {
        keepalive = keepalive.with_interval(Duration::from_secs(interval));
    }
    if let Ok(count @ 1..) = u32::try_from(options.tcp_keepalive_cnt) {
        keepalive = keepalive.with_retries(count);
    }
    keepalive
}
