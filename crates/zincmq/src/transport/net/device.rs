//! Network devices by name.

use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// The addresses of the device called `name`, with this port; none if there is no such device.
pub(super) fn addresses(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found = if_addrs::get_if_addrs()?.into_iter().filter(|device| device.name == name);
    Ok(found
        .map(|device| match device.ip() {
            // A link-local address means nothing without its device.
            IpAddr::V6(ip) if ip.is_unicast_link_local() => {
                SocketAddrV6::new(ip, port, 0, device.index.unwrap_or(0)).into()
            }
            ip => SocketAddr::new(ip, port),
        })
        .collect())
}

/// The index of a device given as in `fe80::1%eth0` or `fe80::1%2`.
pub(super) fn scope(text: &str) -> io::Result<u32> {
    if let Ok(index) = text.parse() {
        return Ok(index);
    }
    let any = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    Ok(name_to_index(any, text)?)
}
