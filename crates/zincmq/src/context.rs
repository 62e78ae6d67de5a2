//! Contexts: the I/O threads, the names of inproc endpoints, and the end of it all.

mod ending;

use crate::command::{IoHandle, ToSocket};
use crate::error::{Error, Result};
use crate::inproc::Names;
use crate::io::{IoThread, SchedPolicy, Scheduling};
use crate::life::{WaitGroup, WaitGuard, fresh_id, lock};
use crate::monitor::Sink;
use crate::option::Options;
use crate::socket_type::SocketType;
use crate::stats::{SocketReport, StatsRegistry};
use crate::trace::event;
use queue::{Inbox, Item, Pool};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Where sockets live: I/O threads, inproc names, limits. Cloning gives another handle to the same context.
///
/// When the last handle and the last socket are gone the context ends: sockets that were dropped with unsent
/// messages linger first (`LINGER`, by default without limit), as in `zmq_ctx_term(3)`. To end it while sockets
/// are in use, call [`Context::shutdown`]; to wait no longer than so long, [`Context::term_timeout`].
///
/// A context in a `static` is never dropped, so nobody waits for its last messages: call `term_timeout` at the end of `main`.
///
/// ```
/// use zincmq::{Context, Pull, Push};
/// # fn main() -> zincmq::Result<()> {
/// let context = Context::new();
/// let mut pull = Pull::new(&context)?;
/// pull.bind("inproc://work")?;
/// let mut push = Push::new(&context)?;
/// push.connect("inproc://work")?;
/// push.send("hello")?;
/// assert_eq!(pull.recv()?.as_str(), Ok("hello"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Context(pub(crate) ContextRef);

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.0.shared();
        let (sockets, shut_down) = {
            let state = lock(&shared.state);
            (state.sockets.len(), state.stopped)
        };
        f.debug_struct("Context")
            .field("io_threads", &self.io_threads())
            .field("sockets", &sockets)
            .field("max_sockets", &self.max_sockets())
            .field("shut_down", &shut_down)
            .finish()
    }
}

/// The settings of a context that is to be built ([`Context::builder`]). Default: one I/O thread, at most 1023 sockets, no IPv6, and an end that waits for unsent
/// messages.
#[derive(Clone, Debug)]
pub struct ContextBuilder {
    io_threads: usize,
    max_sockets: usize,
    ipv6: bool,
    blocky: bool,
    spin: Duration,
    scheduling: Scheduling,
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

impl Context {
    /// A context with one I/O thread and at most 1023 sockets.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// The default settings, to be changed and built into a context ([`ContextBuilder::build`]).
    #[must_use]
    pub fn builder() -> ContextBuilder {
        let scheduling = Scheduling::default();
        let spin = spin_of_environment();
        ContextBuilder { io_threads: 1, max_sockets: 1023, ipv6: false, blocky: true, spin, scheduling }
    }

    /// The number of I/O threads.
    #[must_use]
    pub fn io_threads(&self) -> usize {
        self.0.shared().config().io_threads
    }

    /// The number of sockets that may be open at a time.
    #[must_use]
    pub fn max_sockets(&self) -> usize {
        self.0.shared().config().max_sockets
    }

    /// Changes the settings: `change` gets the present ones and returns the new ones.
    pub(crate) fn change(&self, change: impl FnOnce(ContextBuilder) -> ContextBuilder) {
        let config = &self.0.shared().config;
        let changed = change(lock(config).clone());
        *lock(config) = changed;
    }

    /// The numbers of every socket in this context. Each is asked, and answers in its own thread: at once if it
    /// waits in a call, else with its next call. For those that do not answer within `patience` the last that
    /// they told is returned, with its age: sockets of the calling thread never answer meanwhile (they have
    /// [`Socket::stats`](crate::Socket::stats)). Messages pay nothing for it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use zincmq::{Context, Error, Pull, SocketType};
    /// # fn main() -> zincmq::Result<()> {
    /// let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// pull.bind("inproc://work")?;
    /// let worker = std::thread::spawn(move || pull.recv());
    /// let reports = context.stats(Duration::from_secs(10));
    /// assert_eq!(reports[0].socket_type, SocketType::Pull);
    /// assert_eq!(reports[0].bound, ["inproc://work"]);
    /// # context.shutdown();
    /// # assert_eq!(worker.join().unwrap(), Err(Error::Terminated));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn stats(&self, patience: Duration) -> Vec<SocketReport> {
        self.0.shared().stats(patience)
    }
}

impl ContextBuilder {
    /// The number of I/O threads; default 1. One moves several gigabytes a second. The connections of each endpoint are spread
    /// over all, or over those that `AFFINITY` names. 0 leaves only inproc.
    #[must_use]
    pub fn io_threads(mut self, count: usize) -> Self {
        self.io_threads = count;
        self
    }

    /// The number of sockets that may be open at a time; default 1023.
    #[must_use]
    pub fn max_sockets(mut self, count: usize) -> Self {
        self.max_sockets = count;
        self
    }

    /// Whether new sockets have IPV6 set; default false.
    #[must_use]
    pub fn ipv6(mut self, on: bool) -> Self {
        self.ipv6 = on;
        self
    }

    /// Whether the context's end waits for unsent messages by default; default true. If false, new sockets have
    /// LINGER 0.
    #[must_use]
    pub fn blocky(mut self, on: bool) -> Self {
        self.blocky = on;
        self
    }

    /// For how long a thread that finds nothing to do looks awake before it sleeps: I/O threads, and threads that wait on a
    /// socket whose option `SPIN` does not say otherwise. To look takes the whole processor, and saves the time that waking
    /// takes; it is for programs that have a processor for each such thread. Afterwards the thread sleeps: an idle program
    /// takes no processor time. Async calls do not look.
    ///
    /// The default is what the environment variable `ZINCMQ_SPIN_US` says, in microseconds, or else zero: then threads look for 40
    /// microseconds at most, where that has paid off lately.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use zincmq::{Context, Rep, option};
    /// # fn main() -> zincmq::Result<()> {
    /// let context = Context::builder().spin(Duration::from_micros(200)).build();
    /// let rep = Rep::new(&context)?;
    /// assert_eq!(rep.get(option::SPIN)?, Some(Duration::from_micros(200)));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn spin(mut self, time: Duration) -> Self {
        self.spin = time;
        self
    }

    /// The prefix of the names of I/O threads (`ZMQ_THREAD_NAME_PREFIX`), as in `prefix/ZMQbg/IO/0`. The system
    /// shows the first 15 bytes of a name. Default: no prefix, `ZMQbg/IO/0`.
    #[must_use]
    pub fn thread_name_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.scheduling.name_prefix = prefix.into();
        self
    }

    /// The CPUs that I/O threads may run on, by number (`ZMQ_THREAD_AFFINITY_CPU_ADD`); default: any. If there
    /// is no such CPU, [`Socket::new`](crate::Socket::new) fails (EINVAL).
    #[must_use]
    pub fn thread_affinity(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
        self.scheduling.cpus = cpus.into_iter().collect();
        self
    }

    /// The scheduling policy of I/O threads (`ZMQ_THREAD_SCHED_POLICY`); default: that of the thread that makes the
    /// first socket. If the system refuses, [`Socket::new`](crate::Socket::new) fails: real time needs privileges
    /// (EPERM).
    #[must_use]
    pub fn thread_sched_policy(mut self, policy: SchedPolicy) -> Self {
        self.scheduling.policy = Some(policy);
        self
    }

    /// The priority of I/O threads (`ZMQ_THREAD_PRIORITY`): 1 to 99 with a real-time policy, where the default
    /// is 1. The other policies know no priority; any above 0 then gives the thread the nice value -20. If the
    /// system refuses, [`Socket::new`](crate::Socket::new) fails (EINVAL, EPERM, EACCES).
    #[must_use]
    pub fn thread_priority(mut self, priority: i32) -> Self {
        self.scheduling.priority = Some(priority);
        self
    }

    /// Builds the context. Its I/O threads start with the first socket.
    #[must_use]
    pub fn build(self) -> Context {
        Context(ContextRef(Arc::new(Handle(Arc::new(Shared {
            config: Mutex::new(self),
            pool: Pool::new(),
            living: Arc::default(),
            state: Mutex::default(),
            names: Arc::default(),
            board: StatsRegistry::default(),
        })))))
    }
}

/// A handle to the context, as sockets keep it.
#[derive(Clone)]
pub(crate) struct ContextRef(Arc<Handle>);

/// The last of these ends the context.
struct Handle(Arc<Shared>);

pub(crate) struct Shared {
    config: Mutex<ContextBuilder>,
    pool: Arc<Pool>,
    living: Arc<WaitGroup>,
    state: Mutex<State>,
    pub(crate) names: Arc<Names>,
    pub(crate) board: StatsRegistry,
}

#[derive(Default)]
struct State {
    stopped: bool,
    /// The program has waited for the end, and waits no more.
    given_up: bool,
    /// The I/O threads run.
    started: bool,
    sockets: HashMap<u64, SocketEntry>,
    threads: Vec<IoThread>,
}

/// How to reach a socket.
#[derive(Clone)]
struct SocketEntry {
    socket_type: SocketType,
    inbox: Arc<Inbox<ToSocket>>,
    monitor: Arc<Sink>,
}

impl Shared {
    fn config(&self) -> MutexGuard<'_, ContextBuilder> {
        lock(&self.config)
    }

    /// See [`Context::stats`].
    pub(crate) fn stats(&self, patience: Duration) -> Vec<SocketReport> {
        for (&id, socket) in &lock(&self.state).sockets {
            if self.board.ask(id) {
                socket.inbox.push(Item::Command(ToSocket::Report));
            }
        }
        self.board.read(patience)
    }
}

impl ContextRef {
    pub(crate) fn shared(&self) -> &Shared {
        &self.0.0
    }

    /// A view that does not keep the context from ending.
    pub(crate) fn view(&self) -> Arc<Shared> {
        self.0.0.clone()
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.shared().pool
    }

    /// A socket that the context's end waits for.
    pub(crate) fn life(&self, socket: u64) -> WaitGuard {
        self.shared().living.begin(socket)
    }

    /// Takes a new socket in; the first one starts the I/O threads.
    pub(crate) fn register(
        &self,
        inbox: &Arc<Inbox<ToSocket>>,
        monitor: &Arc<Sink>,
        socket_type: SocketType,
    ) -> Result<u64> {
        let shared = self.shared();
        let config = shared.config().clone();
        let mut state = lock(&shared.state);
        if state.stopped {
            return Err(Error::Terminated);
        }
        if state.sockets.len() >= config.max_sockets {
            return Err(Error::TooManySockets(config.max_sockets));
        }
        let wanted = if state.started { 0 } else { config.io_threads };
        while state.threads.len() < wanted {
            let thread = IoThread::start(state.threads.len(), &config.scheduling, config.spin)
                .map_err(Error::System)?;
            state.threads.push(thread);
        }
        state.started = true;
        let id = fresh_id();
        state.sockets.insert(id, SocketEntry { socket_type, inbox: inbox.clone(), monitor: monitor.clone() });
        shared.board.add(id, socket_type);
        Ok(id)
    }

    pub(crate) fn unregister(&self, socket: u64) {
        lock(&self.shared().state).sockets.remove(&socket);
        self.shared().board.remove(socket);
    }

    /// Sets the options that a new socket takes over from its context.
    pub(crate) fn inherit(&self, options: &mut Options) {
        let config = self.shared().config();
        options.ipv6 = config.ipv6;
        if !config.blocky {
            options.linger = 0;
        }
        options.spin = i32::try_from(config.spin.as_micros()).unwrap_or(i32::MAX);
    }

    /// The I/O threads that `affinity` names (0: all).
    pub(crate) fn io_threads(&self, affinity: u64) -> Arc<[IoHandle]> {
        let state = lock(&self.shared().state);
        let allowed = |index: usize| affinity == 0 || (index < 64 && affinity >> index & 1 == 1);
        let threads = state.threads.iter().enumerate().filter(|(index, _)| allowed(*index));
        threads.map(|(_, thread)| thread.handle().clone()).collect()
    }
}

/// What the environment says, for programs that cannot be changed. Something else than a number says nothing.
fn spin_of_environment() -> Duration {
    let Some(text) = std::env::var_os("ZINCMQ_SPIN_US") else { return Duration::ZERO };
    let micros = text.to_str().and_then(|text| text.trim().parse::<u32>().ok());
    if micros.is_none() {
        event!(
            WARN,
            "context",
            "ZINCMQ_SPIN_US is not a number of microseconds",
            value = &*text.to_string_lossy()
        );
    }
    Duration::from_micros(micros.unwrap_or(0).into())
}
