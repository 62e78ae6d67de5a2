//! Timers that call back in the thread that executes them.

use crate::border::{call, guarded};
use crate::errno::Errno;
use crate::handle::Table;
use libc::{c_int, c_long, c_void};
use std::collections::BTreeMap;
use std::ptr;
use std::sync::LazyLock;
use std::time::Instant;

static SETS: Table<Timers> = Table::new();

/// The function that a timer calls, with its number and the caller's argument.
type Handler = unsafe extern "C" fn(c_int, *mut c_void);

/// A set of timers. Times are milliseconds since the process first asked.
#[derive(Default)]
struct Timers {
    timers: BTreeMap<c_int, Timer>,
    /// By the time they are due; those of one time in the order in which it was set.
    due: BTreeMap<(u64, u64), c_int>,
    last_number: c_int,
    last_place: u64,
}

struct Timer {
    place: (u64, u64),
    interval: u64,
    call: Call,
}

#[derive(Clone, Copy)]
struct Call {
    handler: Handler,
    argument: *mut c_void,
}

// SAFETY: the argument is only handed back to the caller's function, in the thread that executes the timers.
unsafe impl Send for Call {}

impl Timers {
    /// Adds a timer and returns its number; `None` if there are no more numbers.
    fn add(&mut self, now: u64, interval: u64, call: Call) -> Option<c_int> {
        let number = self.last_number.checked_add(1)?;
        self.last_number = number;
        let place = self.place(now, interval, number);
        self.timers.insert(number, Timer { place, interval, call });
        Some(number)
    }

    /// Takes a timer away. This and the next two: `None` if there is none of this number.
    fn cancel(&mut self, number: c_int) -> Option<()> {
        let timer = self.timers.remove(&number)?;
        self.due.remove(&timer.place);
        Some(())
    }

    /// Sets a timer's interval, which begins now.
    fn set_interval(&mut self, now: u64, number: c_int, interval: u64) -> Option<()> {
        self.timers.get_mut(&number)?.interval = interval;
        self.reset(now, number)
    }

    /// Begins a timer's interval anew.
    fn reset(&mut self, now: u64, number: c_int) -> Option<()> {
        let timer = self.timers.get(&number)?;
        self.due.remove(&timer.place);
        let place = self.place(now, timer.interval, number);
        self.timers.get_mut(&number)?.place = place;
        Some(())
    }

    fn place(&mut self, now: u64, interval: u64, number: c_int) -> (u64, u64) {
        self.last_place += 1;
        let place = (now.saturating_add(interval), self.last_place);
        self.due.insert(place, number);
        place
    }

    /// Milliseconds until the next is due; `None` if there is none.
    fn timeout(&self, now: u64) -> Option<u64> {
        let (next, _) = self.due.first_key_value()?;
        Some(next.0.saturating_sub(now))
    }

    /// Those that are due, in the order of their times.
    fn due(&self, now: u64) -> Vec<c_int> {
        self.due.range(..=(now, u64::MAX)).map(|(_, number)| *number).collect()
    }

    /// The call to make for a timer, if it is still there and still due: handlers may cancel and reset others. Its
    /// interval begins anew, so that its own handler may do the same to it.
    fn begin(&mut self, now: u64, number: c_int) -> Option<Call> {
        let timer = self.timers.get(&number).filter(|timer| timer.place.0 <= now)?;
        let call = timer.call;
        self.reset(now, number)?;
        Some(call)
    }
}

fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
}

/// Does something with the set behind a handle: EFAULT if it is none, or another thread is using it.
fn with<R>(handle: *mut c_void, body: impl FnOnce(&mut Timers) -> Result<R, Errno>) -> Result<R, Errno> {
    body(&mut *SETS.borrow(handle).map_err(|_| Errno(libc::EFAULT))?)
}

/// A call on one timer of a set: EINVAL if there is none of this number.
fn change(handle: *mut c_void, body: impl FnOnce(&mut Timers) -> Option<()>) -> c_int {
    call(|| with(handle, |set| body(set).map(|()| 0).ok_or(Errno(libc::EINVAL))))
}

fn milliseconds(interval: usize) -> u64 {
    interval.try_into().unwrap_or(u64::MAX)
}

/// Makes an empty set of timers, to be freed by [`zmq_timers_destroy`]. NULL with ENOMEM if there are too many.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_timers_new() -> *mut c_void {
    guarded(ptr::null_mut(), || {
        SETS.insert(Timers::default()).unwrap_or_else(|| Errno(libc::ENOMEM).report(ptr::null_mut()))
    })
}

/// Frees a set, and makes the caller's pointer to it NULL.
///
/// # Safety
/// `timers` is NULL or points to a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_timers_destroy(timers: *mut *mut c_void) -> c_int {
    call(|| {
        if timers.is_null() {
            return Err(Errno(libc::EFAULT));
        }
        // SAFETY: not NULL, hence a pointer to a pointer.
        let handle = unsafe { &mut *timers };
        SETS.remove(*handle).map_err(|_| Errno(libc::EFAULT))?;
        *handle = ptr::null_mut();
        Ok(0)
    })
}

/// Adds a timer to a set, and returns its number. EFAULT for no handler.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_timers_add(
    timers: *mut c_void,
    interval: usize,
    handler: Option<Handler>,
    argument: *mut c_void,
) -> c_int {
    call(|| {
        with(timers, |set| {
            let handler = handler.ok_or(Errno(libc::EFAULT))?;
            let added = set.add(now(), milliseconds(interval), Call { handler, argument });
            added.ok_or(Errno(libc::ENOMEM))
        })
    })
}

/// Takes a timer out of a set.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_timers_cancel(timers: *mut c_void, timer: c_int) -> c_int {
    change(timers, |set| set.cancel(timer))
}

/// Sets a timer's interval, which begins now.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_timers_set_interval(timers: *mut c_void, timer: c_int, interval: usize) -> c_int {
    change(timers, |set| set.set_interval(now(), timer, milliseconds(interval)))
}

/// Begins a timer's interval anew.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_timers_reset(timers: *mut c_void, timer: c_int) -> c_int {
    change(timers, |set| set.reset(now(), timer))
}

/// Milliseconds until the next timer is due. -1 with EINVAL if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_timers_timeout(timers: *mut c_void) -> c_long {
    guarded(-1, || {
        let next = with(timers, |set| set.timeout(now()).ok_or(Errno(libc::EINVAL)));
        next.map_or_else(|errno| errno.report(-1), |timeout| timeout.try_into().unwrap_or(c_long::MAX))
    })
}

/// Calls the handlers of all timers that are due, each once. They may change the set, and even destroy it.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_timers_execute(timers: *mut c_void) -> c_int {
    call(|| {
        let now = now();
        for number in with(timers, |set| Ok(set.due(now)))? {
            let Ok(begun) = with(timers, |set| Ok(set.begin(now, number))) else { break };
            if let Some(Call { handler, argument }) = begun {
                // SAFETY: the caller wants it called with this, from here.
                unsafe { handler(number, argument) };
            }
        }
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errno;

    unsafe extern "C" fn nothing(_: c_int, _: *mut c_void) {}

    const CALL: Call = Call { handler: nothing, argument: ptr::null_mut() };

    /// The timers that run at `now`.
    fn run(timers: &mut Timers, now: u64) -> Vec<c_int> {
        let due = timers.due(now);
        due.into_iter().filter(|number| timers.begin(now, *number).is_some()).collect()
    }

    #[test]
    fn timers_run_in_the_order_of_their_times_again_and_again() {
        let mut timers = Timers::default();
        assert_eq!(timers.timeout(0), None);
        assert_eq!(timers.add(1000, 30, CALL), Some(1));
        assert_eq!(timers.add(1000, 20, CALL), Some(2));
        assert_eq!(timers.add(1010, 20, CALL), Some(3));
        assert_eq!(timers.timeout(1005), Some(15));
        assert_eq!(run(&mut timers, 1019), []);
        assert_eq!(run(&mut timers, 1020), [2]);
        assert_eq!(run(&mut timers, 1100), [1, 3, 2]);
        assert_eq!(timers.timeout(1100), Some(20));
        assert_eq!(timers.timeout(1200), Some(0), "late is not negative");
    }

    #[test]
    fn an_interval_of_nothing_runs_once_a_time() {
        let mut timers = Timers::default();
        timers.add(5, 0, CALL);
        assert_eq!(run(&mut timers, 5), [1]);
        assert_eq!(run(&mut timers, 5), [1]);
    }

    #[test]
    fn the_longest_interval_is_never_over() {
        let mut timers = Timers::default();
        timers.add(5, u64::MAX, CALL);
        assert_eq!(timers.timeout(6), Some(u64::MAX - 6));
        assert_eq!(run(&mut timers, 1 << 60), []);
    }

    #[test]
    fn intervals_begin_anew() {
        let mut timers = Timers::default();
        timers.add(0, 10, CALL);
        assert_eq!(timers.reset(8, 1), Some(()));
        assert_eq!(timers.timeout(8), Some(10));
        assert_eq!(timers.set_interval(9, 1, 50), Some(()));
        assert_eq!(timers.timeout(9), Some(50));
        assert_eq!(run(&mut timers, 58), []);
        assert_eq!(run(&mut timers, 59), [1]);
    }

    #[test]
    fn cancelled_timers_are_unknown() {
        let mut timers = Timers::default();
        timers.add(0, 10, CALL);
        assert_eq!(timers.cancel(1), Some(()));
        assert_eq!(timers.timeout(0), None);
        assert_eq!([timers.cancel(1), timers.reset(0, 1), timers.set_interval(0, 1, 5)], [None; 3]);
        assert_eq!(timers.add(0, 10, CALL), Some(2), "numbers are not given twice");
    }

    #[test]
    fn handlers_may_cancel_and_reset_what_is_due_as_well() {
        let mut timers = Timers::default();
        for _ in 0..3 {
            timers.add(0, 10, CALL);
        }
        assert_eq!(timers.due(10), [1, 2, 3]);
        assert!(timers.begin(10, 1).is_some());
        timers.cancel(2);
        timers.reset(10, 3);
        assert!(timers.begin(10, 2).is_none());
        assert!(timers.begin(10, 3).is_none());
    }

    #[test]
    fn no_set_is_efault() {
        let mut null: *mut c_void = ptr::null_mut();
        let address = (&raw mut null).cast();
        let mut destroyed = zmq_timers_new();
        let handle = destroyed;
        // SAFETY: a pointer to a handle.
        assert_eq!(unsafe { zmq_timers_destroy(&mut destroyed) }, 0);
        assert!(destroyed.is_null());
        for bad in
            [null, address, handle, ptr::without_provenance_mut(1), ptr::without_provenance_mut(usize::MAX)]
        {
            let efault = |result: c_long| {
                assert_eq!((result, errno::get()), (-1, libc::EFAULT));
                errno::set(0);
            };
            efault(zmq_timers_add(bad, 1, Some(nothing), null).into());
            efault(zmq_timers_cancel(bad, 1).into());
            efault(zmq_timers_set_interval(bad, 1, 1).into());
            efault(zmq_timers_reset(bad, 1).into());
            efault(zmq_timers_timeout(bad));
            efault(zmq_timers_execute(bad).into());
            let mut bad = bad;
            // SAFETY: a pointer to a pointer.
            efault(unsafe { zmq_timers_destroy(&mut bad) }.into());
        }
        // SAFETY: NULL.
        assert_eq!((unsafe { zmq_timers_destroy(ptr::null_mut()) }, errno::get()), (-1, libc::EFAULT));
    }

    #[test]
    fn wrong_calls_are_told() {
        let mut timers = zmq_timers_new();
        assert_eq!((zmq_timers_timeout(timers), errno::get()), (-1, libc::EINVAL));
        assert_eq!((zmq_timers_add(timers, 1, None, ptr::null_mut()), errno::get()), (-1, libc::EFAULT));
        assert_eq!((zmq_timers_cancel(timers, 1), errno::get()), (-1, libc::EINVAL));
        assert_eq!(zmq_timers_add(timers, usize::MAX, Some(nothing), ptr::null_mut()), 1);
        assert!(zmq_timers_timeout(timers) > 1 << 60);
        // SAFETY: a pointer to a handle.
        assert_eq!(unsafe { zmq_timers_destroy(&mut timers) }, 0);
    }

    /// The state that the handlers of the next test share.
    struct Shared {
        timers: *mut c_void,
        calls: Vec<c_int>,
    }

    /// Cancels itself, adds another, and destroys the set when that one runs.
    unsafe extern "C" fn meddle(number: c_int, argument: *mut c_void) {
        // SAFETY: the test gives this, and touches it only after the call.
        let shared = unsafe { &mut *argument.cast::<Shared>() };
        shared.calls.push(number);
        if number == 1 {
            assert_eq!(zmq_timers_cancel(shared.timers, 1), 0);
            assert_eq!(zmq_timers_add(shared.timers, 0, Some(meddle), argument), 3);
        } else if number == 3 {
            // SAFETY: a pointer to a handle.
            assert_eq!(unsafe { zmq_timers_destroy(&mut shared.timers) }, 0);
        }
    }

    #[test]
    fn handlers_may_change_the_set_and_destroy_it() {
        let mut shared = Shared { timers: zmq_timers_new(), calls: Vec::new() };
        let (timers, argument) = (shared.timers, (&raw mut shared).cast());
        assert_eq!(zmq_timers_add(timers, 0, Some(meddle), argument), 1);
        assert_eq!(zmq_timers_add(timers, 0, Some(meddle), argument), 2);
        assert_eq!(zmq_timers_timeout(timers), 0);
        assert_eq!(zmq_timers_execute(timers), 0);
        assert_eq!(shared.calls, [1, 2], "what a handler adds waits for the next time");
        assert_eq!(zmq_timers_execute(timers), 0);
        assert_eq!(shared.calls.last(), Some(&3), "nothing runs once the set is destroyed");
        assert!(shared.timers.is_null());
        assert_eq!(zmq_timers_execute(timers), -1);
    }
}
