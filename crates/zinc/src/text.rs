//! Lines and messages: how one becomes the other.

use clap::{Args, builder::NonEmptyStringValueParser};
use zincmq::{Frame, Message};

/// Between the parts of a message that is printed, unless --multipart says otherwise.
const TAB: &[u8] = b"\t";

#[derive(Args, Clone, Debug)]
pub(crate) struct Form {
    /// Split lines at SEP into parts, and print SEP between parts (printed otherwise: a tab)
    #[arg(long, value_name = "SEP", value_parser = NonEmptyStringValueParser::new())]
    multipart: Option<String>,

    /// Read and print every part as hexadecimal digits
    #[arg(long)]
    hex: bool,
}

impl Form {
    /// The message that a line stands for.
    pub(crate) fn read(&self, line: &[u8]) -> Result<Message, String> {
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
        if !self.hex {
            return Ok(Frame::copy_from(text));
        }
        let refuse = || format!("{:?} is not hexadecimal", String::from_utf8_lossy(text));
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let pairs = text.chunks(2).map(|pair| match pair {
            [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
            _ => None,
        });
        pairs.collect::<Option<Vec<u8>>>().map(Frame::from).ok_or_else(refuse)
    }

    /// Adds a message as a line.
    pub(crate) fn write(&self, message: &Message, line: &mut Vec<u8>) {
        let separator = self.multipart.as_ref().map_or(TAB, String::as_bytes);
        for (at, part) in message.iter().enumerate() {
            if at > 0 {
                line.extend_from_slice(separator);
            }
            if self.hex {
                line.extend(part.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex));
            } else {
                line.extend_from_slice(part);
            }
        }
        line.push(b'\n');
    }
}

fn hex(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(multipart: Option<&str>, hex: bool) -> Form {
        Form { multipart: multipart.map(str::to_owned), hex }
    }

    #[test]
    fn what_is_written_reads_back() {
        for (form, line, parts) in [
            (form(None, false), "a b", vec!["a b"]),
            (form(None, false), "", vec![""]),
            (form(Some("|"), false), "a|b||c", vec!["a", "b", "", "c"]),
            (form(Some("::"), false), "a:::b::", vec!["a", ":b", ""]),
            (form(None, true), "00ff", vec!["\0\u{ff}"]),
            (form(Some(" "), true), "6162 63", vec!["ab", "c"]),
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
    fn other_than_pairs_of_digits_is_refused() {
        for line in ["0", "0g", "+1", "00 ", "é"] {
            assert!(form(None, true).read(line.as_bytes()).is_err(), "{line}");
        }
    }
}
