//! Options by number, as C sets and reads them.

use crate::error::Result;
use crate::option::{self, Access, OptionError, Value};
use crate::pattern::contract::Kind;
use crate::socket::Socket;
use std::os::fd::AsRawFd;

const SUBSCRIBE: i32 = 6;
const UNSUBSCRIBE: i32 = 7;
const FD: i32 = 14;
const EVENTS: i32 = 15;
const TYPE: i32 = 16;
const LAST_ENDPOINT: i32 = 32;
const THREAD_SAFE: i32 = 81;
const TOPICS_COUNT: i32 = 116;

/// A socket whose options are set and read by number.
pub trait ByNumber {
    /// Sets an option as `zmq_setsockopt(3)` does, with its rules of length and range, subscriptions among them.
    /// `None` is a null pointer.
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option), [`Error::Terminated`](crate::Error::Terminated).
    fn set_raw(&mut self, number: i32, bytes: Option<&[u8]>) -> Result<()>;

    /// Reads an option as `zmq_getsockopt(3)` does: only those that C may read, state among them.
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option), also for RCVMORE: messages are received whole here;
    /// [`Error::Terminated`](crate::Error::Terminated); [`Error::System`](crate::Error::System) for FD.
    fn get_raw(&mut self, number: i32) -> Result<Value>;
}

impl<K> ByNumber for Socket<K> {
    fn set_raw(&mut self, number: i32, bytes: Option<&[u8]>) -> Result<()> {
        self.core_mut().check()?;
        let row = option::by_number(number).ok_or_else(|| OptionError::Unknown(number.to_string()))?;
        row.require(self.socket_type())?;
        if row.access == Access::Get {
            return Err(OptionError::Access { name: row.name, set: true }.into());
        }
        match number {
            SUBSCRIBE => self.core_mut().subscribe(Kind::Subscribe, bytes.unwrap_or_default()),
            UNSUBSCRIBE => self.core_mut().subscribe(Kind::Cancel, bytes.unwrap_or_default()),
            _ => self.set_value(row, row.decode(bytes)?),
        }
    }

    fn get_raw(&mut self, number: i32) -> Result<Value> {
        self.core_mut().check()?;
        let value = match number {
            FD => self.descriptor()?.as_raw_fd(),
            EVENTS => {
                let ready = self.events()?;
                i32::from(ready.readable) | i32::from(ready.writable) << 1
            }
            TYPE => self.socket_type().number(),
            LAST_ENDPOINT => return Ok(Value::Text(self.last_endpoint())),
            THREAD_SAFE => return Ok(Value::Flag(false)),
            TOPICS_COUNT => i32::try_from(self.topics()?).unwrap_or(i32::MAX),
            _ => return Ok(self.core_mut().peers.options.get_raw(number)?),
        };
        Ok(Value::Int(value))
    }
}
