//! The file of `zinc proxy --config`.

use crate::failure::Failure;
use crate::place::Place;
use crate::proxy::guards::Sections;
use crate::proxy::kind::Kind;
use crate::security::Domains;
use crate::session::{self, Setting, setting};
use serde::de::{Deserialize, Deserializer, Error};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// All that can be said of a proxy, on the command line too.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    pub(super) kind: Option<Kind>,
    #[serde(deserialize_with = "parsed_all")]
    pub(super) front: Vec<Place>,
    #[serde(deserialize_with = "parsed_all")]
    pub(super) back: Vec<Place>,
    #[serde(deserialize_with = "parsed")]
    pub(super) capture: Option<Place>,
    #[serde(deserialize_with = "parsed")]
    pub(super) control: Option<Place>,
    pub(super) stats: Option<String>,
    #[serde(deserialize_with = "parsed")]
    pub(super) prometheus: Option<SocketAddr>,
    #[serde(deserialize_with = "seconds")]
    pub(super) every: Option<Duration>,
    pub(super) json: bool,
    #[serde(rename = "options", deserialize_with = "settings")]
    pub(super) settings: Vec<Setting>,
    pub(super) security: Sections,
    pub(super) domains: Domains,
    /// The file itself.
    #[serde(skip)]
    pub(super) file: PathBuf,
}

impl Config {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Failed(format!("cannot read {name}: {error}")))?;
        let config: Self = toml::from_str(&text).map_err(|error| Failure::malformed(path, &text, &error))?;
        Ok(Self { file: path.to_owned(), domains: config.domains.in_file(path), ..config })
    }
}

/// A time between two reports.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let interval = session::seconds(text)?;
    if interval.is_zero() {
        Err("0 seconds would leave no time for anything else".to_owned())
    } else {
        Ok(interval)
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(input: D) -> Result<Option<T>, D::Error> {
    String::deserialize(input)?.parse().map(Some).map_err(D::Error::custom)
}

fn parsed_all<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Place>, D::Error> {
    let all = Vec::<String>::deserialize(input)?;
    all.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

fn seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let seconds = toml::Value::deserialize(input)?.to_string();
    interval(&seconds).map(Some).map_err(D::Error::custom)
}

fn settings<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Setting>, D::Error> {
    let table = BTreeMap::<String, toml::Value>::deserialize(input)?;
    let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let read = |(name, value): (&String, &toml::Value)| setting(&format!("{name}={}", text(value)));
    table.iter().map(|row| read(row).map_err(D::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_written() {
        let text = r#"
            kind = "queue"
            front = ["tcp://*:5559", ">tcp://other:1"]
            back = ["ipc:///tmp/back"]
            capture = "tcp://*:5562"
            control = "tcp://127.0.0.1:5561"
            stats = "ipc:///tmp/stats"
            prometheus = "127.0.0.1:9100"
            every = 2.5
            json = true
            options = { sndhwm = 10, immediate = true }
        "#;
        let config: Config = toml::from_str(text).unwrap();
        assert_eq!((config.front.len(), config.back.len(), config.settings.len()), (2, 1, 2));
        assert_eq!(config.every, Some(Duration::from_millis(2500)));
        assert!(config.capture.is_some() && config.control.is_some() && config.prometheus.is_some());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("front = [\"localhost:1\"]", "did you mean tcp://localhost:1?"),
            ("kind = \"ring\"", "ring"),
            ("fron = []", "unknown field `fron`"),
            ("prometheus = \"9100\"", "invalid socket address"),
            ("every = 0", "0 seconds"),
            ("options = { sndhwn = 1 }", "did you mean sndhwm?"),
        ] {
            let error =
                toml::from_str::<Config>(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
