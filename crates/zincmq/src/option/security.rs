//! The security mechanism that a socket's options ask for.

use super::error::OptionError;
use super::keys::{
    CURVE_PUBLICKEY, CURVE_SECRETKEY, CURVE_SERVER, CURVE_SERVERKEY, Options, PLAIN_PASSWORD, PLAIN_SERVER,
    PLAIN_USERNAME,
};
use super::row::Row;
use crate::socket_type::SocketType;
use zmtp::Security;

/// Values of `MECHANISM`.
const NULL: i32 = 0;
const PLAIN: i32 = 1;
const CURVE: i32 = 2;

impl Options {
    /// The option of this row was set: as with libzmq, the last option of a mechanism says which it is, and which side.
    pub(super) fn choose_mechanism(&mut self, row: &Row) {
        let chosen = |chosen: bool, mechanism| if chosen { mechanism } else { NULL };
        let number = row.number;
        if number == PLAIN_SERVER.row().number {
            self.mechanism = chosen(self.plain_server, PLAIN);
        } else if number == PLAIN_USERNAME.row().number {
            self.mechanism = chosen(!self.plain_username.is_empty(), PLAIN);
            self.plain_server = false;
        } else if number == PLAIN_PASSWORD.row().number {
            self.mechanism = chosen(!self.plain_password.is_empty(), PLAIN);
            self.plain_server = false;
        } else if number == CURVE_SERVER.row().number {
            self.mechanism = chosen(self.curve_server, CURVE);
        } else if number == CURVE_SERVERKEY.row().number {
            self.mechanism = CURVE;
            self.curve_server = false;
        } else if [CURVE_PUBLICKEY.row().number, CURVE_SECRETKEY.row().number].contains(&number) {
            self.mechanism = CURVE;
        }
        self.plain_server &= self.mechanism == PLAIN;
        self.curve_server &= self.mechanism == CURVE;
    }

    /// Whether the mechanism has all that it needs. To be asked before a bind and a connect: nothing less secure than was
    /// asked for may come of it.
    ///
    /// # Errors
    /// [`OptionError::Missing`], and [`OptionError::SocketType`] where `socket` speaks plain TCP, which has no security.
    pub(crate) fn check_security(&self, socket: SocketType) -> Result<(), OptionError> {
        if self.mechanism != NULL && self.is_raw(socket) {
            return Err(OptionError::SocketType { name: "MECHANISM", socket: socket.name() });
        }
        self.try_security().map(drop)
    }

    /// The security of connections made from now on. Options that were not checked make a handshake that fails.
    pub(crate) fn security(&self) -> Security {
        self.try_security().unwrap_or(Security::PlainServer)
    }

    fn try_security(&self) -> Result<Security, OptionError> {
        let needs = |name, needed| move || OptionError::Missing { name, needed };
        Ok(match self.mechanism {
            PLAIN if self.plain_server => Security::PlainServer,
            PLAIN => Security::PlainClient {
                user: self.plain_username.clone(),
                password: self.plain_password.clone(),
            },
            CURVE if self.curve_server => Security::CurveServer {
                secret: self.curve_secretkey.clone().ok_or_else(needs("CURVE_SERVER", "CURVE_SECRETKEY"))?,
                zap: !self.zap_domain.is_empty() || !self.zap_enforce_domain,
            },
            CURVE => {
                let secret = self.curve_secretkey.clone();
                let server = self.curve_serverkey;
                Security::CurveClient {
                    server: server
                        .ok_or_else(needs("CURVE_SECRETKEY", "CURVE_SERVERKEY, or CURVE_SERVER"))?,
                    public: self.curve_publickey.ok_or_else(needs("CURVE_SERVERKEY", "CURVE_PUBLICKEY"))?,
                    secret: secret.ok_or_else(needs("CURVE_SERVERKEY", "CURVE_SECRETKEY"))?,
                }
            }
            _ => Security::Null { zap: !self.zap_domain.is_empty() },
        })
    }
}
