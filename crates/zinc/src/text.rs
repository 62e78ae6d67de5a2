//! Bytes of the input and messages: how one becomes the other.

use clap::{Args, builder::NonEmptyStringValueParser};
use serde_json::{Map, Value};
use zincmq::{Frame, Message};

/// Between the parts of a message that is printed, unless --multipart says otherwise.
const TAB: &[u8] = b"\t";

/// Begins a routing id that is written as hexadecimal digits.
const ESCAPE: &[u8] = b"\\x";

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

    /// The first part is a routing id.
    #[arg(skip)]
    pub(crate) routed: bool,

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
        let mut message = Message::new();
        let mut rest = line;
        if let Some(separator) = &self.multipart {
            while let Some(at) = find(rest, separator.as_bytes()) {
                let (part, after) = rest.split_at(at);
                message.push(self.read_part(part, message.is_empty())?);
                rest = after.get(separator.len()..).unwrap_or_default();
            }
        }
        message.push(self.read_part(rest, message.is_empty())?);
        Ok(message)
    }

    fn read_part(&self, text: &[u8], first: bool) -> Result<Frame, String> {
        match text {
            _ if self.hex => unhex(text).map(Frame::from),
            _ if self.routed && first => read_routing_id(text),
            _ => Ok(Frame::copy_from(text)),
        }
    }

    /// Adds a message as a line, or as it is.
    pub(crate) fn write(&self, message: &Message, out: &mut Vec<u8>) {
        if self.raw {
            return message.iter().for_each(|part| out.extend_from_slice(part));
        }
        if self.json {
            let parts = message.iter().map(|part| json_part(part)).collect();
            let object = Map::from_iter([("parts".to_owned(), Value::Array(parts))]);
            out.extend_from_slice(json_line(&Value::Object(object)).as_bytes());
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
            } else if self.routed && at == 0 && !is_plain(part, separator) {
                out.extend_from_slice(ESCAPE);
                out.extend_from_slice(hex(part).as_bytes());
            } else {
                out.extend_from_slice(part);
            }
        }
    }
}

/// Whether a routing id can be told from what stands around it, and is printed as it is.
fn is_plain(id: &[u8], separator: &[u8]) -> bool {
    let printable = std::str::from_utf8(id).is_ok_and(|text| !text.contains(char::is_control));
    // It may end with the beginning of the separator, too.
    let end = find(&[id, separator].concat(), separator);
    printable && !id.starts_with(ESCAPE) && end == Some(id.len())
}

/// A routing id as a user writes it, and as it is printed.
pub(crate) fn read_routing_id(text: &[u8]) -> Result<Frame, String> {
    match text.strip_prefix(ESCAPE) {
        Some(digits) => unhex(digits).map(Frame::from),
        None => Ok(Frame::copy_from(text)),
    }
}

/// Text for a terminal: bytes that would steer it, or are no text, become `\x1b`. Ends of lines and tabs stay.
pub(crate) fn visible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let escape = |text: &mut String, bytes: &[u8]| {
        bytes.iter().for_each(|byte| *text += &format!("\\x{byte:02x}"));
    };
    for chunk in bytes.utf8_chunks() {
        for sign in chunk.valid().chars() {
            if sign.is_control() && !matches!(sign, '\n' | '\t') {
                escape(&mut text, sign.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(sign);
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

/// JSON on one line, in which nothing steers a terminal: of the control characters only some have to be escaped.
pub(crate) fn json_line(value: &Value) -> String {
    let text = value.to_string();
    if !text.contains(char::is_control) {
        return text;
    }
    let escape = |sign: char| match sign.is_control() {
        true => format!("\\u{:04x}", u32::from(sign)),
        false => sign.to_string(),
    };
    text.chars().map(escape).collect()
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

    const JSON: Form =
        Form { multipart: None, hex: false, json: true, raw: false, routed: false, eof: false };

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
    fn routing_ids_that_are_no_text_are_digits() {
        let form = Form { routed: true, ..form(Some("|"), false) };
        for (line, id) in [
            ("bob|x", &b"bob"[..]),
            (r"\x00ffca622e|x", b"\0\xFF\xCA\x62\x2E"),
            (r"\x610a62|x", b"a\nb"),
            (r"\x617c62|x", b"a|b"),
            (r"\x1b5b41|x", b"\x1B[A"),
            (r"\x5c78|x", br"\x"),
            (r"\|x", br"\"),
            ("ä|x", "ä".as_bytes()),
            ("|x", b""),
        ] {
            let message = form.read(line.as_bytes()).unwrap();
            assert_eq!(message, [id, b"x"].into_iter().collect::<Message>(), "{line}");
            let mut written = Vec::new();
            form.write(&message, &mut written);
            assert_eq!(written, [line.as_bytes(), b"\n"].concat());
        }
        let colons = Form { multipart: Some("::".to_owned()), routed: true, ..Form::default() };
        let mut written = Vec::new();
        colons.write(&Message::from(["a:", "x"]), &mut written);
        assert_eq!(written, b"\\x613a::x\n");
        assert!(form.read(br"\x0g|x").is_err() && form.read(br"a|\x0g").is_ok());
    }

    #[test]
    fn nothing_visible_steers_a_terminal() {
        for (bytes, expected) in [
            (&b"a\tb\n"[..], "a\tb\n"),
            ("ä".as_bytes(), "ä"),
            (b"\x1B[2J\r\x7F\0", r"\x1b[2J\x0d\x7f\x00"),
            (b"\xC2\x9B31m", r"\xc2\x9b31m"),
            (b"\x9B\xFFa\xE2\x82", r"\x9b\xffa\xe2\x82"),
        ] {
            assert_eq!(visible(bytes), expected);
        }
        let value = Value::from("\u{1B}\u{7F}\u{9B}ä");
        let line = json_line(&value);
        assert_eq!(line, r#""\u001b\u007f\u009bä""#);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
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
