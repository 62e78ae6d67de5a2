//! Sockets with their options, bound or connected, in one expression.

use crate::context::Context;
use crate::error::Result;
use crate::option::{self, Form, KnownTo, OptionKey, Row, Setting, Value, each_option, form};
use crate::option::{Choice, Count, Descriptor, Limit, Micros, Seconds, Time, Wait};
use crate::pattern::ability::Typed;
use crate::socket::Socket;
use std::marker::PhantomData;
use zmtp::{PublicKey, Secret, SecretKey};

/// A socket that is to be, with its options ([`Socket::builder`]). Each option of the table is a method.
#[must_use = "a builder makes a socket at `build`, `bind` or `connect`"]
#[derive(Debug)]
pub struct SocketBuilder<K> {
    context: Context,
    settings: Vec<(&'static Row, Value)>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Typed> Socket<K> {
    /// Begins a socket in this context, with options.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zincmq::{Context, Dealer, Router};
    ///
    /// # fn main() -> zincmq::Result<()> {
    /// let context = Context::new();
    /// let mut router = Router::builder(&context)
    ///     .router_mandatory(true)
    ///     .sndhwm(10)
    ///     .bind("tcp://127.0.0.1:*")?;
    /// let mut dealer = Dealer::builder(&context)
    ///     .routing_id("worker")
    ///     .linger(Duration::from_secs(1))
    ///     .connect(router.last_endpoint())?;
    /// dealer.send("ready")?;
    /// assert_eq!(router.recv()?.as_slice(), ["worker", "ready"]);
    /// # Ok(()) }
    /// ```
    ///
    /// What the socket's type does not have does not compile:
    ///
    /// ```compile_fail,E0277
    /// # use zincmq::{Context, Pull};
    /// let pull = Pull::builder(&Context::new()).router_mandatory(true).build();
    /// ```
    pub fn builder(context: &Context) -> SocketBuilder<K> {
        SocketBuilder { context: context.clone(), settings: Vec::new(), kind: PhantomData }
    }
}

impl<K> SocketBuilder<K> {
    /// Sets an option, as [`Socket::set`].
    ///
    /// ```
    /// # use zincmq::{Context, Push, option};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let push = Push::builder(&context).set(option::SNDHWM, 10).build()?;
    /// assert_eq!(push.get(option::SNDHWM)?, 10);
    /// # Ok(()) }
    /// ```
    pub fn set<F: Form, G: KnownTo<K>>(
        mut self,
        option: OptionKey<F, G>,
        value: impl Setting<F::Value>,
    ) -> Self {
        self.settings.push((option.row(), F::write(value.setting())));
        self
    }
}

impl<K: Typed> SocketBuilder<K> {
    /// Makes the socket.
    ///
    /// ```
    /// # use zincmq::{Context, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut push = Push::builder(&context).sndhwm(10).build()?;
    /// push.bind("inproc://work")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Socket::new`], and as [`Socket::set`] for the first option that is refused.
    pub fn build(self) -> Result<Socket<K>> {
        let mut socket = Socket::new(&self.context)?;
        for (row, value) in self.settings {
            socket.set_value(row, value)?;
        }
        Ok(socket)
    }

    /// Makes the socket and binds it. The endpoint in full is its [`Socket::last_endpoint`].
    ///
    /// ```
    /// # use zincmq::{Context, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let push = Push::builder(&context).sndhwm(10).bind("tcp://127.0.0.1:*")?;
    /// println!("listens at {}", push.last_endpoint());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`SocketBuilder::build`] and [`Socket::bind`].
    pub fn bind(self, endpoint: impl AsRef<str>) -> Result<Socket<K>> {
        let mut socket = self.build()?;
        socket.bind(endpoint)?;
        Ok(socket)
    }

    /// Makes the socket and connects it.
    ///
    /// ```
    /// # use zincmq::{Context, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let pull = Pull::builder(&context).rcvhwm(10).connect("tcp://127.0.0.1:5555")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`SocketBuilder::build`] and [`Socket::connect`].
    pub fn connect(self, endpoint: impl AsRef<str>) -> Result<Socket<K>> {
        let mut socket = self.build()?;
        socket.connect(endpoint)?;
        Ok(socket)
    }
}

/// A method for each option that can be set.
macro_rules! setters {
    (
        fields {
            $($(#[doc = $doc:literal])+
            $name:ident = $number:expr, $field:ident: $ty:ty $(as $form:ty)? = $default:expr,
                $kind:expr, $access:ident, $effect:ident, $group:ident;)+
        }
        state { $($state:tt)* }
    ) => {
        impl<K> SocketBuilder<K> {
            $(setter!($access $group $name $field [form!($ty $(as $form)?)] $($doc)+);)+
        }
    };
}

macro_rules! setter {
    (Get $($rest:tt)*) => {};
    ($access:ident $group:ident $name:ident $field:ident [$form:ty] $($doc:literal)+) => {
        $(#[doc = $doc])+
        #[doc = concat!("\n\nSets [`option::", stringify!($name), "`].")]
        pub fn $field(self, value: impl Setting<<$form as Form>::Value>) -> Self
        where
            option::$group: KnownTo<K>,
        {
            self.set(option::$name, value)
        }
    };
}

each_option!(setters);
