//! Messages that tell who they are, and lines that tell what a message was.

/// A part of a message: a letter, a number of eight digits, then bytes that depend on the number; cut where it is to
/// be shorter than that.
#[must_use]
pub fn body(topic: char, number: u32, size: usize) -> Vec<u8> {
    let head = format!("{topic}{number:08}").into_bytes();
    let mut state = number.wrapping_mul(0x9E37_79B9) | 1;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    });
    head.into_iter().chain(noise).take(size).collect()
}

/// One message as a line: the head of the first part as text, the sizes of the first few, their number, and a sum of
/// all sizes and bytes.
#[must_use]
pub fn describe(parts: &[impl AsRef<[u8]>]) -> String {
    let parts: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
    let first = parts.first().copied().unwrap_or_default();
    let head = first.get(..9).unwrap_or(first).escape_ascii();
    let sizes: Vec<_> = parts.iter().take(4).map(|part| part.len().to_string()).collect();
    // FNV-1a: a wrong byte is seen, and a line stays short.
    let sum = parts.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, part| {
        let size = part.len().to_be_bytes();
        size.iter()
            .chain(*part)
            .fold(sum, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    format!("{head}/{}/{}/{sum:016x}", sizes.join(","), parts.len())
}

/// A row of messages, as a publisher is told to send them: `count` of them from `first` on, of parts of these sizes.
#[derive(Clone, Debug)]
pub struct Messages {
    /// The letter that each part begins with.
    pub topic: char,
    /// The number of the first.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// The sizes of the parts.
    pub sizes: Vec<usize>,
}

impl Messages {
    /// See the fields.
    #[must_use]
    pub fn new(topic: char, first: u32, count: u32, sizes: &[usize]) -> Self {
        Self { topic, first, count, sizes: sizes.to_vec() }
    }

    /// Each message, as its parts.
    pub fn parts(&self) -> impl Iterator<Item = Vec<Vec<u8>>> + '_ {
        let numbers = self.first..self.first + self.count;
        numbers.map(|number| self.sizes.iter().map(|&size| body(self.topic, number, size)).collect())
    }

    /// The lines that a subscriber says of them.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.parts().map(|parts| describe(&parts))
    }

    /// The command for a publisher.
    #[must_use]
    pub fn command(&self) -> String {
        let sizes: Vec<_> = self.sizes.iter().map(ToString::to_string).collect();
        format!("send {} {} {} {}", self.topic, self.first, self.count, sizes.join(" "))
    }

    /// The reverse of [`Self::command`].
    #[must_use]
    pub fn parse(command: &str) -> Option<Self> {
        let mut words = command.strip_prefix("send ")?.split(' ');
        let topic = words.next()?.chars().next()?;
        let (first, count) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let sizes = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        Some(Self { topic, first, count, sizes })
    }
}
