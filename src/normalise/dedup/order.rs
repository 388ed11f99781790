//! Decides which row of a company is the newest, page by page in the order of reading.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Condvar, Mutex, PoisonError};

/// Fingerprints of the companies seen. Fingerprints are hashes, so they are not hashed again.
pub(in crate::normalise) type Companies = HashSet<u64, BuildHasherDefault<AsIs>>;

/// A hasher that returns its input.
#[derive(Debug, Default)]
pub(in crate::normalise) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Gives workers access to the companies seen so far, one after the other, in the order of their pages. So the result
/// does not depend on how many workers there are, or on which of them is first.
#[derive(Debug, Default)]
pub(in crate::normalise) struct Turns {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    aborted: bool,
    companies: Companies,
}

/// Another worker failed, so the turn may never come.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::normalise) struct Aborted;

impl Turns {
    /// Waits until every earlier page has had its turn, then runs `decide`.
    pub(in crate::normalise) fn take(
        &self,
        turn: u64,
        decide: impl FnOnce(&mut Companies),
    ) -> Result<(), Aborted> {
        let state = self.state.lock().map_err(|_| Aborted)?;
        let waiting = |state: &mut State| state.next != turn && !state.aborted;
        let mut state = self.moved.wait_while(state, waiting).map_err(|_| Aborted)?;
        if state.aborted {
            return Err(Aborted);
        }
        decide(&mut state.companies);
        state.next += 1;
        drop(state);
        self.moved.notify_all();
        Ok(())
    }

    /// Whether a worker failed.
    pub(in crate::normalise) fn is_aborted(&self) -> bool {
        self.state.lock().map_or(true, |state| state.aborted)
    }

    fn abort(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).aborted = true;
        self.moved.notify_all();
    }
}

/// Aborts the turns when it is dropped, unless the worker has reached its end. A panic must not leave the other
/// workers waiting, either.
#[derive(Debug)]
pub(in crate::normalise) struct AbortUnlessDone<'t> {
    turns: &'t Turns,
    done: bool,
}

impl<'t> AbortUnlessDone<'t> {
    pub(in crate::normalise) fn new(turns: &'t Turns) -> Self {
        Self { turns, done: false }
    }

    pub(in crate::normalise) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for AbortUnlessDone<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.turns.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_in_order_whoever_asks_first() {
        let turns = Turns::default();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for turn in (0..20).rev() {
                let (turns, order) = (&turns, &order);
                scope.spawn(move || turns.take(turn, |_| order.lock().unwrap().push(turn)));
            }
        });
        assert_eq!(order.into_inner().unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn a_worker_that_fails_frees_those_that_wait() {
        let turns = Turns::default();
        let waited = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.take(1, |_| ()));
            drop(AbortUnlessDone::new(&turns));
            waiting.join().unwrap()
        });
        assert_eq!(waited, Err(Aborted));
        assert!(turns.is_aborted());
    }
}
