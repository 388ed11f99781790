//! Seeded random draws. Every property of a company has its own stream, so that a new property changes no existing one.

/// The purpose of a stream of draws. Its number is part of the generated data: never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::simulator) enum Stream {
    Country = 1,
    Status = 2,
    Dates = 3,
    Industry = 4,
    Place = 5,
    Money = 6,
    Staff = 7,
    Ranks = 8,
    Name = 9,
    Oddity = 10,
    Link = 11,
    Phone = 12,
    Address = 13,
    VisitingAddress = 14,
    Social = 15,
    MoreIndustries = 16,
    Fault = 17,
    Shuffle = 18,
    Drift = 19,
    Ids = 20,
    Group = 21,
    Lead = 22,
    Detail = 23,
    Profile = 24,
    Technology = 25,
    Office = 26,
    Statement = 27,
    Contact = 28,
    Customer = 29,
    Job = 30,
}

/// Mixes the bits of `z`: the finalizer of `SplitMix64`.
pub(in crate::simulator) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Added to the state of a stream with every draw.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of pseudo-random numbers. The same seed, number and purpose give the same stream on every machine.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Rng(u64);

impl Rng {
    /// The stream of `number` (a company's index, a request's sequence number) for one purpose.
    pub(in crate::simulator) fn new(seed: u64, number: u64, stream: Stream) -> Self {
        Self(mix(seed ^ mix((number << 8) | u64::from(stream as u8))))
    }

    pub(in crate::simulator) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Skips the next `count` draws.
    pub(in crate::simulator) fn skip(self, count: u64) -> Self {
        Self(self.0.wrapping_add(STEP.wrapping_mul(count)))
    }

    fn half(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)
    }

    /// A number in `0..n`, or 0 when `n` is 0.
    pub(in crate::simulator) fn below(&mut self, n: u32) -> u32 {
        u32::try_from((u64::from(self.half()) * u64::from(n)) >> 32).unwrap_or(0)
    }

    /// A number in `low..=high`.
    pub(in crate::simulator) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True with a probability of `per_mille` in a thousand.
    pub(in crate::simulator) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// One of `items`, all equally likely. The default of `T` when `items` is empty.
    pub(in crate::simulator) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let n = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items.get(self.below(n) as usize).copied().unwrap_or_default()
    }

    /// A number strictly between 0 and 1.
    pub(in crate::simulator) fn unit(&mut self) -> f64 {
        (f64::from(self.half()) + 0.5) / 4_294_967_296.0
    }

    /// A draw from the normal distribution.
    pub(in crate::simulator) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        mean + deviation * radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// The nearest integer. A value outside the range becomes the nearest end of it.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, which is what is wanted")]
pub(in crate::simulator) fn whole(x: f64) -> i64 {
    x.round() as i64
}

/// The nearest floating-point number.
#[expect(clippy::cast_precision_loss, reason = "money in tenths and seconds since 1970 stay far below 2^53")]
pub(in crate::simulator) fn float(x: i64) -> f64 {
    x as f64
}
