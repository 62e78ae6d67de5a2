//! Other protocols, by the first bytes that their servers say.

/// The advice if it is one of these.
pub(super) const ADVICE: &str = "the port belongs to another service: check host and port";

const KNOWN: [(&[u8], &str); 13] = [
    (b"HTTP/", "HTTP"),
    (b"<!DOCTYPE", "HTTP"),
    (b"<html", "HTTP"),
    (b"SSH-", "SSH"),
    (b"\x15\x03", "TLS"),
    (b"\x16\x03", "TLS"),
    (b"220 ", "SMTP or FTP"),
    (b"220-", "SMTP or FTP"),
    (b"-ERR", "Redis"),
    (b"AMQP", "AMQP"),
    (b"RFB ", "VNC"),
    (b"RTSP/", "RTSP"),
    (b"@RSYNCD:", "rsync"),
];

/// The protocol of a server that begins with these bytes.
pub(super) fn name(bytes: &[u8]) -> Option<&'static str> {
    KNOWN.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, name)| *name)
}
