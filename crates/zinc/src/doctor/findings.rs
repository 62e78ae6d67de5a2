//! The findings of the examination.

use crate::text::visible;
use serde_json::{Map, Value};

/// All that is known in the end.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) checks: Vec<Check>,
    pub(super) facts: Map<String, Value>,
}

pub(super) struct Check {
    pub(super) well: bool,
    pub(super) text: String,
    pub(super) advice: Option<String>,
}

/// The patient needs no more questions: the findings tell what went wrong.
pub(super) struct Over;

impl Findings {
    pub(super) fn well(&mut self, text: impl Into<String>) {
        self.note(true, &text.into(), None);
    }

    pub(super) fn wrong(&mut self, text: impl Into<String>, advice: impl Into<String>) -> Over {
        self.note(false, &text.into(), Some(&advice.into()));
        Over
    }

    /// Adds a check. A peer's words in it neither steer a terminal nor make lines.
    fn note(&mut self, well: bool, text: &str, advice: Option<&str>) {
        let text = visible(text.as_bytes()).replace('\n', r"\x0a");
        let advice = advice.map(|advice| visible(advice.as_bytes()));
        self.checks.push(Check { well, text, advice });
    }

    pub(super) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    pub(super) fn all_well(&self) -> bool {
        self.checks.iter().all(|check| check.well)
    }
}
