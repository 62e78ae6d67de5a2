//! Bytes of the input and messages: how one becomes the other.

use clap::{Args, builder::NonEmptyStringValueParser};
use serde_json::{Map, Value};
use zincmq::{Frame, Message};

/// Between the parts of a message that is printed, unless --multipart says otherwise.
const TAB: &[u8] = b"\t";

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Form of messages")]
pub(crate) struct Form {
    /// Split lines at SEP into parts, and print SEP between parts (printed otherwise: a tab)
    #[arg(long, value_name = "SEP", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) multipart: Option<String>,

    /// Read and print every part as hexadecimal digits
    #[arg(long)]
    pub(crate) hex: bool,

    /// A line is JSON: {"parts": ["text", {"hex": "00ff"}]}; read also: the array alone, or one string
    #[arg(long, conflicts_with_all = ["multipart", "hex"])]
    pub(crate) json: bool,

    /// No lines: send the input in pieces as it is, print bodies as they are
    #[arg(long, conflicts_with_all = ["multipart", "hex", "json"])]
    pub(crate) raw: bool,

    /// Send an empty message after the last; end when one comes whose last part is empty
    #[arg(long)]
    pub(crate) eof: bool,
}

impl Form {
    /// The message that a line, or a piece of raw input, stands for.
    pub(crate) fn read(&self, line: &[u8]) -> Result<Message, String> {
        if self.json {
            return read_json(line);
        }
        let Some(separator) = &self.multipart else {
            return Ok(Message::from(self.read_part(line)?));
        };
        let mut message = Message::new();
        let mut rest = line;
        while let Some(at) = find(rest, separator.as_bytes()) {
            let (part, after) = rest.split_at(at);
            message.push(self.read_part(part)?);
            rest = after.get(separator.len()..).unwrap_or_default();
        }
        message.push(self.read_part(rest)?);
        Ok(message)
    }

    fn read_part(&self, text: &[u8]) -> Result<Frame, String> {
        if self.hex { unhex(text).map(Frame::from) } else { Ok(Frame::copy_from(text)) }
    }

    /// Adds a message as a line, or as it is.
    pub(crate) fn write(&self, message: &Message, out: &mut Vec<u8>) {
        if self.raw {
            return message.iter().for_each(|part| out.extend_from_slice(part));
        }
        if self.json {
            let parts = message.iter().map(|part| json_part(part)).collect();
            let object = Map::from_iter([("parts".to_owned(), Value::Array(parts))]);
            out.extend_from_slice(Value::Object(object).to_string().as_bytes());
        } else {
            self.write_parts(message, out);
        }
        out.push(b'\n');
    }

    fn write_parts(&self, message: &Message, out: &mut Vec<u8>) {
        let separator = self.multipart.as_ref().map_or(TAB, String::as_bytes);
        for (at, part) in message.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(separator);
            }
            if self.hex {
                out.extend_from_slice(hex(part).as_bytes());
            } else {
                out.extend_from_slice(part);
            }
        }
    }
}

/// Whether a message says that nothing follows (see [`Form::eof`]).
pub(crate) fn is_end(message: &Message) -> bool {
    message.iter().next_back().is_none_or(|part| part.is_empty())
}

/// Bytes in JSON: text where they are, hexadecimal digits otherwise.
pub(crate) fn json_part(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => Value::Object(Map::from_iter([("hex".to_owned(), Value::from(hex(bytes)))])),
    }
}

fn read_json(line: &[u8]) -> Result<Message, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
    let parts = match &value {
        Value::Object(members) => members.get("parts").unwrap_or(&value),
        other => other,
    };
    match parts {
        Value::Array(parts) if !parts.is_empty() => {
            parts.iter().map(read_json_part).collect::<Result<Vec<Frame>, _>>().map(Message::from)
        }
        one => read_json_part(one).map(Message::from),
    }
}

fn read_json_part(value: &Value) -> Result<Frame, String> {
    match (value, value.get("hex")) {
        (Value::String(text), _) => Ok(Frame::from(text.as_str())),
        (_, Some(Value::String(digits))) => unhex(digits.as_bytes()).map(Frame::from),
        _ => Err(format!("{value} is no message: write {{\"parts\": [\"text\", {{\"hex\": \"00ff\"}}]}}")),
    }
}

/// The hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(digit.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect()
}

fn unhex(text: &[u8]) -> Result<Vec<u8>, String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
        _ => None,
    });
    let refuse =
        || format!("{:?} is not hexadecimal: write two digits a byte", String::from_utf8_lossy(text));
    pairs.collect::<Option<_>>().ok_or_else(refuse)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(multipart: Option<&str>, hex: bool) -> Form {
        Form { multipart: multipart.map(str::to_owned), hex, ..Form::default() }
    }

    const JSON: Form = Form { multipart: None, hex: false, json: true, raw: false, eof: false };

    #[test]
    fn what_is_written_reads_back() {
        for (form, line, parts) in [
            (form(None, false), "a b", vec!["a b"]),
            (form(None, false), "", vec![""]),
            (form(Some("|"), false), "a|b||c", vec!["a", "b", "", "c"]),
            (form(Some("::"), false), "a:::b::", vec!["a", ":b", ""]),
            (form(None, true), "00ff", vec!["\0\u{ff}"]),
            (form(Some(" "), true), "6162 63", vec!["ab", "c"]),
            (JSON, r#"{"parts":["a\nb",{"hex":"00ff"},""]}"#, vec!["a\nb", "\0\u{ff}", ""]),
        ] {
            let message = form.read(line.as_bytes()).unwrap();
            let latin = |part: &&str| part.chars().map(|char| char as u8).collect::<Vec<u8>>();
            assert_eq!(message, parts.iter().map(latin).collect::<Message>(), "{line}");
            let mut written = Vec::new();
            form.write(&message, &mut written);
            assert_eq!(written, [line.as_bytes(), b"\n"].concat());
        }
    }

    #[test]
    fn json_is_read_in_shorter_forms_too() {
        for (line, parts) in
            [(r#""a""#, vec!["a"]), (r#"["a", "b"]"#, vec!["a", "b"]), (r#"{"hex": "61"}"#, vec!["a"])]
        {
            assert_eq!(JSON.read(line.as_bytes()).unwrap(), parts.into_iter().collect::<Message>(), "{line}");
        }
        for line in ["", "{", "1", "[]", "[1]", r#"{"parts": 1}"#, r#"{"hex": "0"}"#] {
            assert!(JSON.read(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn other_than_pairs_of_digits_is_refused() {
        for line in ["0", "0g", "+1", "00 ", "é"] {
            assert!(form(None, true).read(line.as_bytes()).is_err(), "{line}");
        }
    }
}
