//! Certificates: files with a key or two, in the form that czmq and pyzmq write (ZPL, RFC 4).

use crate::security::{KeyError, Keypair, PublicKey, Secret, SecretKey};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The most bytes of a certificate.
const LONGEST: u64 = 64 << 10;
/// Others than the owner may read or write.
const OTHERS: u32 = 0o077;

/// A public key with what is said of its owner, and the secret key if it is the owner's own.
///
/// ```text
/// metadata
///     name = "alice"
/// curve
///     public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The owner's public key.
    pub public: PublicKey,
    /// The owner's secret key.
    pub secret: Option<SecretKey>,
    /// What is said of the owner: names and values, in their order.
    pub metadata: Vec<(String, String)>,
}

/// A file is no certificate, or not to be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The system does not let it be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// It has no key where there should be one.
    #[error("{}: there is no {name}", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// The key's name: `public-key` or `secret-key`.
        name: &'static str,
    },
    /// A key is malformed.
    #[error("{}: {name}: {error}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The key's name: `public-key` or `secret-key`.
        name: &'static str,
        /// The fault.
        error: KeyError,
    },
    /// The two keys do not belong together.
    #[error("{}: the public key does not belong to the secret one", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner can read a file with a secret key.
    #[error("{}: others can read this secret key: chmod 600 {}", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
}

impl Certificate {
    /// The public part of a pair, with a name.
    #[must_use]
    pub fn public_of(keys: &Keypair, name: &str) -> Self {
        Self { public: keys.public, secret: None, metadata: named(name) }
    }

    /// A pair, with a name.
    #[must_use]
    pub fn secret_of(keys: &Keypair, name: &str) -> Self {
        Self { public: keys.public, secret: Some(keys.secret.clone()), metadata: named(name) }
    }

    /// The value of one property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.metadata.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Reads a certificate, with its secret key if it has one.
    ///
    /// # Errors
    /// [`CertificateError`], also if others can read a secret key.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CertificateError> {
        let path = path.as_ref();
        let failed = |error| CertificateError::Io { path: path.to_owned(), error };
        let about = fs::metadata(path).map_err(failed)?;
        if about.len() > LONGEST {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "too long for a certificate")));
        }
        let mut text = Zeroizing::new(String::new());
        // It may have grown, or have no length that is known.
        fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text)).map_err(failed)?;
        let certificate = Self::parse(&text, path)?;
        if certificate.secret.is_some() && about.mode() & OTHERS != 0 {
            return Err(CertificateError::Exposed { path: path.to_owned() });
        }
        Ok(certificate)
    }

    /// The pair of keys in a certificate.
    ///
    /// # Errors
    /// [`CertificateError`], also if it has no secret key.
    pub fn read_keypair(path: impl AsRef<Path>) -> Result<Keypair, CertificateError> {
        let certificate = Self::read(&path)?;
        let path = path.as_ref().to_owned();
        let secret = certificate.secret.ok_or(CertificateError::NoKey { path, name: "secret-key" })?;
        Ok(Keypair { public: certificate.public, secret })
    }

    fn parse(text: &str, path: &Path) -> Result<Self, CertificateError> {
        let (mut section, mut metadata) = ("", Vec::new());
        let (mut public, mut secret) = (None, None);
        for line in
            text.lines().map(|line| line.trim_end()).filter(|line| !line.trim_start().starts_with('#'))
        {
            let Some((name, value)) = line.split_once('=') else {
                if !line.is_empty() && !line.starts_with(char::is_whitespace) {
                    section = line;
                }
                continue;
            };
            let (name, value) = (name.trim(), unquote(value.trim()));
            match (section, name) {
                ("curve", "public-key") => public = Some(value),
                ("curve", "secret-key") => secret = Some(value),
                ("metadata", _) => metadata.push((name.to_owned(), value.to_owned())),
                _ => {}
            }
        }
        let malformed = |name| move |error| CertificateError::Key { path: path.to_owned(), name, error };
        let no_key = || CertificateError::NoKey { path: path.to_owned(), name: "public-key" };
        let public: PublicKey = public.ok_or_else(no_key)?.parse().map_err(malformed("public-key"))?;
        let secret: Option<SecretKey> =
            secret.map(str::parse).transpose().map_err(malformed("secret-key"))?;
        if secret.as_ref().is_some_and(|secret| secret.public() != public) {
            return Err(CertificateError::Mismatch { path: path.to_owned() });
        }
        Ok(Self { public, secret, metadata })
    }

    /// Writes it to a file that is not there yet; if it has a secret key, for its owner alone to read.
    ///
    /// # Errors
    /// [`CertificateError::Io`], also if there is a file of this name.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), CertificateError> {
        let path = path.as_ref();
        let failed = |error| CertificateError::Io { path: path.to_owned(), error };
        let mode = if self.secret.is_some() { 0o600 } else { 0o644 };
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
        file.write_all(self.text().reveal().as_bytes()).map_err(failed)
    }

    /// Its text, the secret key included.
    #[must_use]
    pub fn text(&self) -> Secret {
        let mut text = String::from("metadata\n");
        for (name, value) in &self.metadata {
            let (name, value) = (on_one_line(name), on_one_line(value));
            _ = writeln!(text, "    {name} = \"{value}\"");
        }
        _ = writeln!(text, "curve\n    public-key = \"{}\"", self.public);
        if let Some(secret) = &self.secret {
            _ = writeln!(text, "    secret-key = \"{}\"", secret.to_z85().reveal());
        }
        text.into()
    }
}

fn named(name: &str) -> Vec<(String, String)> {
    if name.is_empty() { Vec::new() } else { vec![("name".to_owned(), on_one_line(name))] }
}

/// Text that cannot end its line or its quotes.
fn on_one_line(text: &str) -> String {
    text.replace(['"', '\n', '\r'], "'")
}

fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}
