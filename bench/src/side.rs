//! What a library must bring to be measured: sockets, as the works need them.

/// Any failure; only its text is of interest.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// As many sockets as the largest row has at one end, and a few.
pub(crate) const MAX_SOCKETS: usize = 10_100;

/// A socket that sends.
pub(crate) trait Sender {
    /// Writes a fresh message, all `size` bytes of it equal to `byte`, and sends it.
    fn send(&mut self, size: usize, byte: u8) -> Result<()>;
}

/// A socket that sends messages of any content.
pub(crate) trait Copier: Sender {
    /// Sends a copy of a body.
    fn send_copy(&mut self, body: &[u8]) -> Result<()>;
}

/// A socket that receives.
pub(crate) trait Receiver {
    /// Waits for a message and shows its body.
    fn recv(&mut self) -> Result<&[u8]>;
}

/// A socket that sends and receives without waiting.
pub(crate) trait AtOnce {
    /// As [`Sender::send`]; whether there was room.
    fn try_send(&mut self, size: usize, byte: u8) -> Result<bool>;

    /// Receives a message and shows its body, if there is one.
    fn try_recv(&mut self) -> Result<Option<&[u8]>>;
}

/// A socket that answers.
pub(crate) trait Responder {
    /// Receives a request, reads its body, and answers with a fresh one of the same size, unless it is
    /// empty. Returns the size.
    fn respond(&mut self, byte: u8) -> Result<usize>;
}

/// A socket that sends by routing id, to the peers that it knows, each in its turn.
pub(crate) trait Addresser: Sender {
    /// Waits for a peer's first message, and from then on knows the peer.
    fn meet(&mut self) -> Result<()>;
}

/// One library: how its sockets are made. All have the library's default options but for the high-water
/// marks (both set to `hwm`) and what the methods say. The binding ones return the resolved endpoint too.
pub(crate) trait Side: Clone + Send {
    /// A context with the library's defaults. If `encrypted`, the sockets speak CURVE with the keys of [`keys`].
    fn new(encrypted: bool) -> Result<Self>;

    /// A bound PULL.
    fn pull(&self, endpoint: &str, hwm: i32) -> Result<(impl Receiver, String)>;

    /// A PUSH that is connected to the same endpoint so many times.
    fn push(&self, endpoint: &str, hwm: i32, times: usize) -> Result<impl Copier>;

    /// A bound XPUB that waits for slow subscribers (XPUB_NODROP), and that receives a message for each
    /// subscription (XPUB_VERBOSE), so that it can start when all are there. It sends as PUB does.
    fn publisher(&self, endpoint: &str, hwm: i32) -> Result<(impl Copier + Receiver, String)>;

    /// A connected SUB that subscribes to these topics.
    fn subscriber(
        &self,
        endpoint: &str,
        hwm: i32,
        topics: impl IntoIterator<Item: AsRef<[u8]>>,
    ) -> Result<impl Receiver>;

    /// A bound REP.
    fn rep(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)>;

    /// A connected REQ.
    fn req(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver>;

    /// A bound ROUTER.
    fn router(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)>;

    /// A bound ROUTER that waits for slow peers (ROUTER_MANDATORY).
    fn addresser(&self, endpoint: &str, hwm: i32) -> Result<(impl Addresser, String)>;

    /// A connected DEALER.
    fn dealer(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver + AtOnce>;

    /// A bound DEALER.
    fn bound_dealer(&self, endpoint: &str, hwm: i32) -> Result<(impl AtOnce, String)>;

    /// Waits until all that was sent has left.
    fn term(self) -> Result<()>;
}

/// The keys of both ends of an encrypted row, in Z85. They protect nothing.
pub(crate) mod keys {
    pub(crate) const SERVER_PUBLIC: &str = "uo%+(Ge!G(!+XdxFMjP2&!>(!Y%%etDFSSuJ^3si";
    pub(crate) const SERVER_SECRET: &str = "mIA$7hoI]A[MObdJi:tTGk*F*o&g9Usy/Jvd$g-1";
    pub(crate) const CLIENT_PUBLIC: &str = ")O5m@W&NQY8.LojiZ#r+66z-%M$rt]Rd3U5@&0a@";
    pub(crate) const CLIENT_SECRET: &str = "S&&k<aC6wShGiqZChAYT2w3/E^gt@()rSBZs]I(&";
}
