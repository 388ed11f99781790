//! [`Admission`]: puts a queue and a clock in front of the rate control.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::control::{Feedback, RateControl, Start, State, Ticket};
use crate::clock::Clock;

/// Admits requests in the order in which they arrive, when the rate control allows the next start.
#[derive(Debug)]
pub(super) struct Admission {
    control: Mutex<RateControl>,
    clock: Arc<dyn Clock>,
    /// Held by the first waiter. Tokio's mutex is fair (first in, first out), and a waiter that is dropped leaves the
    /// queue.
    turn: tokio::sync::Mutex<()>,
    /// Notified when a request ends or the rate changes. Only the first waiter listens.
    changed: Notify,
}

/// Permission to have one request in flight. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    gate: &'a Admission,
    ticket: Option<Ticket>,
}

impl Admission {
    pub(super) fn new(concurrency: usize, per_second: Option<f64>, clock: Arc<dyn Clock>) -> Self {
        let control = Mutex::new(RateControl::new(concurrency, per_second, clock.now()));
        Self { control, clock, turn: tokio::sync::Mutex::new(()), changed: Notify::new() }
    }

    /// Waits for a place. Returns `None` when no place can be free before `deadline`. Cancel safe.
    pub(super) async fn admit(&self, deadline: Option<Instant>) -> Option<Permit<'_>> {
        let _turn = self.turn.lock().await;
        loop {
            let now = self.clock.now();
            if deadline.is_some_and(|deadline| now >= deadline) {
                return None;
            }
            let start = self.control().start(now);
            match start {
                Start::Now(ticket) => {
                    return Some(Permit { gate: self, ticket: Some(ticket) });
                }
                Start::At(at) if deadline.is_some_and(|deadline| at >= deadline) => return None,
                Start::At(at) => tokio::select! {
                    () = self.clock.sleep_until(at) => {}
                    () = self.changed.notified() => {}
                },
                Start::AfterAnAnswer => self.changed.notified().await,
            }
        }
    }

    pub(super) fn state(&self) -> State {
        self.control().state()
    }

    fn control(&self) -> MutexGuard<'_, RateControl> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Ends the request. With `pause`, no request starts for that long. Returns whether the rate control slowed down.
    pub(super) fn finish(mut self, feedback: Feedback, pause: Option<Duration>) -> bool {
        let Some(ticket) = self.ticket.take() else {
            return false;
        };
        let now = self.gate.clock.now();
        let slower = {
            // One lock for both steps, or another request could start between them.
            let mut control = self.gate.control();
            let slower = control.finish(&ticket, feedback, now);
            if let Some(wait) = pause {
                control.pause(wait, now);
            }
            slower
        };
        self.gate.changed.notify_one();
        slower
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.ticket.take().is_some() {
            self.gate.control().release();
            self.gate.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SkippingClock;
    use futures::FutureExt;
    use std::time::SystemTime;

    fn gate(concurrency: usize) -> (Admission, Arc<SkippingClock>) {
        let clock = Arc::new(SkippingClock::new(SystemTime::UNIX_EPOCH));
        (Admission::new(concurrency, None, clock.clone()), clock)
    }

    #[tokio::test]
    async fn a_place_is_given_back_by_finishing_and_by_dropping() {
        let (gate, _) = gate(1);
        for _ in 0..3 {
            let permit = gate.admit(None).await.unwrap();
            assert!(gate.admit(None).now_or_never().is_none());
            drop(permit);
            gate.admit(None).await.unwrap().finish(Feedback::Neutral, None);
        }
        assert_eq!(gate.state().in_flight, 0);
    }

    #[tokio::test]
    async fn a_dropped_waiter_does_not_block_the_queue() {
        let (gate, _) = gate(1);
        let permit = gate.admit(None).await.unwrap();
        let mut first = Box::pin(gate.admit(None));
        let mut second = Box::pin(gate.admit(None));
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        drop(permit);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn a_pause_is_slept_once_and_not_beyond_the_deadline() {
        let (gate, clock) = gate(4);
        gate.admit(None).await.unwrap().finish(Feedback::Neutral, Some(Duration::from_secs(7)));
        assert!(gate.admit(Some(clock.now() + Duration::from_secs(7))).await.is_none());
        let _first = gate.admit(Some(clock.now() + Duration::from_secs(8))).await.unwrap();
        let _second = gate.admit(None).await.unwrap();
        assert_eq!(clock.sleeps(), [Duration::from_secs(7)]);
    }
}
