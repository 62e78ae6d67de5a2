//! What Titanic keeps on disk: requests, and replies to them, each in a file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use zincmq::{Frame, Message};

/// A folder of requests and replies. Each is there in whole or not at all, whenever the program or the machine stops.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

/// The name of a request: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(String);

impl Id {
    /// The id that this part holds, if it holds one. It becomes the name of a file, so it is not to be anything else.
    #[must_use]
    pub fn parse(part: &Frame) -> Option<Self> {
        let text = part.as_str().ok()?;
        let valid = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        valid.then(|| Self(text.to_ascii_lowercase()))
    }

    fn random() -> io::Result<Self> {
        let mut bytes = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(format!("{:032x}", u128::from_be_bytes(bytes))))
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Store {
    /// The store in this folder, which is made if it is not there.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// Keeps a new request. When this returns, the request is on disk.
    ///
    /// # Errors
    /// The file system's.
    pub fn add(&self, request: &Message) -> io::Result<Id> {
        let id = Id::random()?;
        self.write(&id, "request", request)?;
        Ok(id)
    }

    /// Keeps the reply to a request, unless the request has been removed.
    ///
    /// # Errors
    /// The file system's.
    pub fn answer(&self, id: &Id, reply: &Message) -> io::Result<()> {
        if self.path(id, "request").exists() { self.write(id, "reply", reply) } else { Ok(()) }
    }

    /// The request of this id, if there is one.
    ///
    /// # Errors
    /// The file system's.
    pub fn request(&self, id: &Id) -> io::Result<Option<Message>> {
        self.read(id, "request")
    }

    /// The reply to the request of this id, if it is there already.
    ///
    /// # Errors
    /// The file system's.
    pub fn reply(&self, id: &Id) -> io::Result<Option<Message>> {
        self.read(id, "reply")
    }

    /// Removes a request and its reply. There need not be any.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self, id: &Id) -> io::Result<()> {
        for kind in ["request", "reply"] {
            match fs::remove_file(self.path(id, kind)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The requests that have no reply.
    ///
    /// # Errors
    /// The file system's.
    pub fn pending(&self) -> io::Result<Vec<Id>> {
        let mut pending = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let id = path.file_stem().and_then(|stem| Id::parse(&stem.as_encoded_bytes().into()));
            let is_request = path.extension().is_some_and(|kind| kind == "request");
            pending.extend(id.filter(|id| is_request && !self.path(id, "reply").exists()));
        }
        Ok(pending)
    }

    fn path(&self, id: &Id, kind: &str) -> PathBuf {
        self.0.join(&id.0).with_extension(kind)
    }

    /// Writes under another name first: a file under its own name is complete.
    fn write(&self, id: &Id, kind: &str, message: &Message) -> io::Result<()> {
        let unfinished = self.path(id, "unfinished");
        let mut file = File::create(&unfinished)?;
        for part in message {
            file.write_all(&(part.len() as u64).to_be_bytes())?;
            file.write_all(part)?;
        }
        file.sync_all()?;
        fs::rename(&unfinished, self.path(id, kind))?;
        File::open(&self.0)?.sync_all()
    }

    fn read(&self, id: &Id, kind: &str) -> io::Result<Option<Message>> {
        match fs::read(self.path(id, kind)) {
            Ok(bytes) => parts(&bytes).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The parts of a message, each of which stands behind its length.
fn parts(mut bytes: &[u8]) -> io::Result<Message> {
    let mut message = Message::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (part, rest) = rest.split_at_checked(length).ok_or(ErrorKind::UnexpectedEof)?;
        message.push(part);
        bytes = rest;
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(name: &str) -> (Store, PathBuf) {
        let folder = std::env::temp_dir().join(format!("titanic-{}-{name}", std::process::id()));
        (Store::open(&folder).unwrap(), folder)
    }

    #[test]
    fn requests_and_replies_are_kept() {
        let (store, folder) = store("kept");
        let request = Message::from(["square", "", "12"]);
        let id = store.add(&request).unwrap();
        assert_eq!(store.pending().unwrap(), std::slice::from_ref(&id));

        // What another process finds there.
        let store = Store::open(&folder).unwrap();
        assert_eq!(store.request(&id).unwrap(), Some(request));
        assert_eq!(store.reply(&id).unwrap(), None);
        store.answer(&id, &"144".into()).unwrap();
        assert_eq!(store.reply(&id).unwrap(), Some("144".into()));
        assert_eq!(store.pending().unwrap(), []);

        store.remove(&id).unwrap();
        store.remove(&id).unwrap();
        store.answer(&id, &"145".into()).unwrap();
        assert_eq!((store.request(&id).unwrap(), store.reply(&id).unwrap()), (None, None));
        fs::remove_dir(folder).unwrap();
    }

    #[test]
    fn what_was_not_finished_is_not_there() {
        let (store, folder) = store("unfinished");
        let id = store.add(&"12".into()).unwrap();
        fs::rename(store.path(&id, "request"), store.path(&id, "unfinished")).unwrap();
        assert_eq!(store.pending().unwrap(), []);
        assert!(parts(&[0, 0, 0, 0, 0, 0, 0, 5, 1]).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn ids_are_no_paths() {
        assert_eq!(Id::parse(&"../../etc/passwd".into()), None);
        assert_eq!(Id::parse(&"/".repeat(32).into()), None);
        let id = Id::parse(&"0123456789ABCDEF0123456789abcdef".into()).unwrap();
        assert_eq!(id.as_str(), "0123456789abcdef0123456789abcdef");
    }
}
