//! The files that hold keys, passwords and users. Each mistake in them is told with its remedy, and no secret is.

use super::origin::Origin;
use crate::failure::Failure;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zincmq::authenticator::{Certificate, CertificateError, Rules, UsersError};
use zincmq::security::{Keypair, PublicKey, Secret};

/// The signs of a key as text.
const KEY: usize = 40;
/// PLAIN sends no longer names and passwords.
const LONGEST: usize = 255;

/// A pair of keys, from the file of the secret one.
pub(super) fn keypair(origin: &Origin, key: &str, file: &Path) -> Result<Keypair, Failure> {
    let path = origin.path(file);
    if is_key(&file.to_string_lossy()) && !path.exists() {
        let text = "this is a key, and a file is meant: here others can see a secret; zinc keygen NAME writes one to \
                    NAME.key_secret";
        return Err(origin.wrong(key, text));
    }
    Certificate::read_keypair(&path).map_err(|error| {
        let remedy = match &error {
            CertificateError::NoKey { name: "secret-key", .. } => {
                "; give the file with the secret key, NAME.key_secret"
            }
            error => remedy(error),
        };
        origin.wrong(key, &format!("{error}{remedy}"))
    })
}

/// The likely remedy, behind the error's text.
fn remedy(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Io { error, .. } => unreadable(error),
        CertificateError::NoKey { .. } => "; this is no certificate: zinc keygen NAME makes one",
        CertificateError::Key { .. } | CertificateError::Mismatch { .. } => {
            "; the file is damaged: copy it again, or make new keys with zinc keygen NAME"
        }
        // What is exposed names the command that helps.
        _ => "",
    }
}

fn unreadable(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "; check the path: zinc keygen NAME makes NAME.key and NAME.key_secret",
        ErrorKind::PermissionDenied => {
            "; this user has to be the owner of the file, or another file is meant"
        }
        _ => "; a certificate is meant, as zinc keygen NAME makes it",
    }
}

/// Whether this looks like a key in place of a file.
fn is_key(text: &str) -> bool {
    text.parse::<PublicKey>().is_ok()
}

/// A key as text, or in a file.
pub(super) fn public_key(origin: &Origin, key: &str, text: &str) -> Result<PublicKey, Failure> {
    let path = origin.path(Path::new(text));
    // A path of forty signs may look like a key: a file that is there is meant.
    if path.exists() {
        return certificate(&path).map_err(|text| origin.wrong(key, &text));
    }
    text.parse().map_err(|_| {
        // A secret key that was not copied well must not be shown.
        let shown = if text.len().abs_diff(KEY) < 5 {
            format!("this text of {} signs", text.len())
        } else {
            format!("{text:?}")
        };
        let remedy = "is neither a public key (40 signs of Z85) nor a file; zinc keygen prints the key";
        origin.wrong(key, &format!("{shown} {remedy}"))
    })
}

/// The key in a certificate without a secret one.
fn certificate(path: &Path) -> Result<PublicKey, String> {
    match Certificate::read(path) {
        Ok(Certificate { secret: None, public, .. }) => Ok(public),
        Ok(_) | Err(CertificateError::Exposed { .. }) => {
            let name = path.display();
            let public = name.to_string();
            let public = public.strip_suffix("_secret").unwrap_or("NAME.key");
            Err(format!("{name} holds a secret key, and a public one is meant: give {public}"))
        }
        Err(error) => Err(format!("{error}{}", remedy(&error))),
    }
}

/// A directory of certificates, each of which can be used now.
pub(super) fn clients(origin: &Origin, key: &str, directory: &Path) -> Result<PathBuf, Failure> {
    let path = origin.path(directory);
    let unable = |error: io::Error| {
        let text =
            format!("{}: {error}; a directory with the clients' NAME.key files is meant", path.display());
        origin.wrong(key, &text)
    };
    let mut count = 0;
    for entry in fs::read_dir(&path).map_err(unable)? {
        let file = entry.map_err(unable)?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name.ends_with("_secret") || file.is_dir() {
            continue;
        }
        match Certificate::read(&file) {
            // A note for people beside the keys.
            Err(CertificateError::NoKey { .. }) if !name.ends_with(".key") => {
                note!("zinc: {} is passed over: there is no public-key in it", file.display());
            }
            _ => count += certificate(&file).map(|_| 1).map_err(|text| origin.wrong(key, &text))?,
        }
    }
    if count == 0 {
        note!("zinc: {} has no certificate yet: nobody is let in until there is one", path.display());
    }
    Ok(path)
}

/// A file of users with hashed passwords that can be used now.
pub(super) fn users(origin: &Origin, key: &str, file: &Path) -> Result<PathBuf, Failure> {
    let path = origin.path(file);
    match Rules::new().users_from(&path) {
        Ok(_) => Ok(path),
        Err(error) => {
            let remedy = match &error {
                UsersError::Line { .. } => "; zinc keygen --password NAME prints such a line",
                UsersError::Io { .. } => "; zinc keygen --password NAME >> FILE makes it",
                _ => "",
            };
            Err(origin.wrong(key, &format!("{error}{remedy}")))
        }
    }
}

/// A name that PLAIN can say.
pub(super) fn user(origin: &Origin, key: &str, name: &str) -> Result<String, Failure> {
    match name.len() {
        0 => Err(origin.wrong(key, "the name is empty: write that of the user")),
        1..=LONGEST => Ok(name.to_owned()),
        _ => Err(origin.wrong(key, "the name is longer than 255 bytes, the most that PLAIN can say")),
    }
}

/// The first line of a file that nobody else can read.
pub(super) fn password(origin: &Origin, key: &str, file: &Path) -> Result<Secret, Failure> {
    let path = origin.path(file);
    let name = path.display();
    let wrong = |text: &str| origin.wrong(key, &format!("{name}: {text}"));
    let unable =
        |error: io::Error| wrong(&format!("{error}; a file is meant whose first line is the password"));
    let about = fs::metadata(&path).map_err(unable)?;
    if about.is_file() && about.mode() & 0o077 != 0 {
        return Err(wrong(&format!("others can read this password: chmod 600 {name}")));
    }
    let text = fs::read_to_string(&path).map_err(unable)?;
    match text.lines().next() {
        None | Some("") => Err(wrong("the first line, the password, is empty: write it there")),
        Some(password) if password.len() > LONGEST => {
            Err(wrong("the first line, the password, is longer than 255 bytes, the most that PLAIN can say"))
        }
        Some(password) => Ok(password.into()),
    }
}
