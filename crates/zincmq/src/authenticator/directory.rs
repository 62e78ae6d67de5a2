//! Files that are read again when they change.

use super::certificate::Certificate;
use super::users::UsersError;
use crate::security::PublicKey;
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A question does not look at files again within so long.
const FRESH: Duration = Duration::from_millis(100);
/// The most files of a directory that are looked at.
const MOST: usize = 100_000;

/// By these a change of a file shows: its number, the time of its last change in seconds and nanoseconds, its length.
/// The time of a change, unlike that of its content, cannot be set back.
type Stamp = (u64, i64, i64, u64);

fn stamp(about: &Metadata) -> Stamp {
    (about.ino(), about.ctime(), about.ctime_nsec(), about.len())
}

/// A file of users.
#[derive(Debug)]
pub(super) struct UserFile {
    path: PathBuf,
    /// None: it could not be read.
    stamp: Option<Stamp>,
    looked: Instant,
    users: HashMap<String, String>,
}

impl UserFile {
    pub(super) fn open(path: PathBuf) -> Result<Self, UsersError> {
        let mut file = Self { path, stamp: None, looked: Instant::now(), users: HashMap::new() };
        file.read()?;
        Ok(file)
    }

    /// The hash of a user's password.
    pub(super) fn hash_of(&mut self, user: &str) -> Result<Option<String>, UsersError> {
        if self.looked.elapsed() > FRESH {
            self.looked = Instant::now();
            if let Err(error) = self.read() {
                // Nobody is let in by what cannot be seen.
                self.users.clear();
                self.stamp = None;
                return Err(error);
            }
        }
        Ok(self.users.get(user).cloned())
    }

    /// The hash of some password, if there is one.
    pub(super) fn any_hash(&self) -> Option<&str> {
        self.users.values().next().map(String::as_str)
    }

    fn read(&mut self) -> Result<(), UsersError> {
        let failed = |error| UsersError::Io { path: self.path.clone(), error };
        let now = Some(stamp(&fs::metadata(&self.path).map_err(failed)?));
        if now == self.stamp {
            return Ok(());
        }
        let text = fs::read_to_string(&self.path).map_err(failed)?;
        let mut users = HashMap::new();
        for (at, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let user =
                line.split_once(':').filter(|(name, hash)| !name.is_empty() && hash.starts_with("$argon2"));
            let Some((name, hash)) = user else {
                return Err(UsersError::Line { path: self.path.clone(), line: at + 1 });
            };
            users.insert(name.to_owned(), hash.to_owned());
        }
        (self.users, self.stamp) = (users, now);
        Ok(())
    }
}

/// A directory of certificates.
#[derive(Debug)]
pub(super) struct Certificates {
    directory: PathBuf,
    looked: Instant,
    files: HashMap<PathBuf, (Stamp, Option<Certificate>)>,
    users: HashMap<PublicKey, String>,
}

impl Certificates {
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        let (files, users) = (HashMap::new(), HashMap::new());
        let mut certificates = Self { directory, looked: Instant::now(), files, users };
        certificates.read()?;
        Ok(certificates)
    }

    /// The user with this key.
    pub(super) fn user_of(&mut self, key: &PublicKey) -> Option<String> {
        if self.looked.elapsed() > FRESH {
            self.looked = Instant::now();
            if self.read().is_err() {
                // Nobody is let in by what cannot be seen.
                self.users.clear();
                self.files.clear();
            }
        }
        self.users.get(key).cloned()
    }

    fn read(&mut self) -> io::Result<()> {
        let mut files = HashMap::new();
        for entry in fs::read_dir(&self.directory)?.take(MOST) {
            let path = entry?.path();
            // Secret keys have no place here, and names that begin with a dot belong to editors.
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') || name.ends_with("_secret") {
                continue;
            }
            let Some(about) = fs::metadata(&path).ok().filter(Metadata::is_file) else { continue };
            let stamp = stamp(&about);
            let known = self.files.remove(&path).filter(|(known, _)| *known == stamp);
            let read = known.unwrap_or_else(|| (stamp, Certificate::read(&path).ok()));
            files.insert(path, read);
        }
        self.files = files;
        let certificates = self.files.values().filter_map(|(_, certificate)| certificate.as_ref());
        self.users = certificates
            .map(|certificate| {
                let user = certificate
                    .property("name")
                    .map_or_else(|| certificate.public.to_string(), str::to_owned);
                (certificate.public, user)
            })
            .collect();
        Ok(())
    }
}
