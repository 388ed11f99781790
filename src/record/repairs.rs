//! What had to be repaired in a body before it was JSON, and what stood there as received.

use std::borrow::Cow;
use std::ops::Range;

/// Bytes kept of a record that cannot be read.
const MOST_RAW: usize = 64 << 10;

/// What is wrong with a place of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `NaN`, `Infinity` or `-Infinity`; JSON null stands in its place.
    NotANumber,
    /// A control character inside a string; its escape stands in its place.
    ControlCharacter,
    /// Bytes that are not UTF-8 inside a string; half of a surrogate pair stands in their place, which is read as U+FFFD.
    NotText,
    /// A record that no parser takes; JSON null stands in its place.
    Unreadable,
}

/// One repaired place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Repair {
    /// Where it is in the mended text.
    at: Range<usize>,
    /// Where it is in the body as received.
    from: Range<usize>,
    fault: Fault,
    /// Where its bytes begin in [`Repairs::received`].
    received: usize,
}

/// The repaired places of a body, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Repairs {
    places: Vec<Repair>,
    /// The bytes as received of all repaired places, one after the other.
    received: Vec<u8>,
    /// Address of the mended text's first byte, by which a part of the text is known.
    base: usize,
    length: usize,
}

impl Repairs {
    /// Notes that `from` of the body, `received`, is `at` of the mended text now. In the order of the text.
    pub(crate) fn push(&mut self, at: Range<usize>, from: Range<usize>, received: &[u8], fault: Fault) {
        self.places.push(Repair { at, from, fault, received: self.received.len() });
        self.received.extend_from_slice(received);
    }

    /// Adds those of a text that was appended at `at` and comes from `from` of the body.
    pub(crate) fn append(&mut self, other: &Self, at: usize, from: usize) {
        self.places.extend(other.places.iter().map(|repair| Repair {
            at: repair.at.start + at..repair.at.end + at,
            from: repair.from.start + from..repair.from.end + from,
            fault: repair.fault,
            received: repair.received + self.received.len(),
        }));
        self.received.extend_from_slice(&other.received);
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Says which text the places are in. It must not move as long as parts of it are asked about.
    pub(crate) fn of_text(mut self, text: &str) -> Self {
        (self.base, self.length) = (text.as_ptr() as usize, text.len());
        self
    }

    /// Where a part of the mended text stands in it; none for another text.
    fn place(&self, part: &str) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(self.base)?;
        let end = start.checked_add(part.len())?;
        (end <= self.length).then_some(start..end)
    }

    /// The repaired places inside a part of the mended text, each with the bytes received there.
    fn inside(&self, part: &str) -> impl Iterator<Item = (&Repair, &[u8])> {
        let place = self.place(part).unwrap_or(0..0);
        let first = self.places.partition_point(|repair| repair.at.end <= place.start);
        let rest = self.places.iter().skip(first).take_while(move |repair| repair.at.start < place.end);
        rest.map(|repair| (repair, self.received(repair)))
    }

    fn received(&self, repair: &Repair) -> &[u8] {
        self.received.get(repair.received..repair.received + repair.from.len()).unwrap_or_default()
    }

    /// Whether a part of the mended text has such a place.
    pub(crate) fn has(&self, part: &str, fault: Fault) -> bool {
        self.inside(part).any(|(repair, _)| repair.fault == fault)
    }

    /// The bytes of a record that cannot be read, when that is what stands in this part of the mended text.
    pub(crate) fn unreadable(&self, part: &str) -> Option<&[u8]> {
        self.inside(part).find(|(repair, _)| repair.fault == Fault::Unreadable).map(|(_, received)| received)
    }

    /// How many records cannot be read.
    #[cfg(test)]
    pub(crate) fn unreadable_records(&self) -> usize {
        self.places.iter().filter(|repair| repair.fault == Fault::Unreadable).count()
    }

    /// A part of the mended text as it was received, with U+FFFD for what is not UTF-8; shortened where a record cannot
    /// be read.
    pub(crate) fn as_received<'t>(&self, part: &'t str) -> Cow<'t, str> {
        let Some(place) = self.place(part) else { return Cow::Borrowed(part) };
        let (mut bytes, mut at) = (Vec::new(), place.start);
        let mut repaired = false;
        for (repair, received) in self.inside(part) {
            let plain = at.saturating_sub(place.start)..repair.at.start.saturating_sub(place.start);
            bytes.extend_from_slice(part.get(plain).unwrap_or_default().as_bytes());
            bytes.extend_from_slice(received.get(..MOST_RAW).unwrap_or(received));
            at = repair.at.end;
            repaired = true;
        }
        if !repaired {
            return Cow::Borrowed(part);
        }
        bytes.extend_from_slice(part.get(at.saturating_sub(place.start)..).unwrap_or_default().as_bytes());
        Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The position in the body of a position in the mended text; inside of a repaired place, that of its nearer end.
    pub(crate) fn position(&self, at: usize) -> usize {
        let before = self.places.partition_point(|repair| repair.at.end <= at);
        if let Some(repair) = self.places.get(before).filter(|repair| repair.at.start < at) {
            // Only a comma can be between the beginning and what stands for the place.
            return if at - repair.at.start <= 1 { repair.from.start } else { repair.from.end };
        }
        match before.checked_sub(1).and_then(|last| self.places.get(last)) {
            Some(repair) => repair.from.end + (at - repair.at.end),
            None => at,
        }
    }

    /// Ranges of the body in which records stand that cannot be read, with their bytes.
    pub(crate) fn unreadable_ranges(&self) -> Vec<(Range<usize>, &[u8])> {
        let unreadable = self.places.iter().filter(|repair| repair.fault == Fault::Unreadable);
        unreadable.map(|repair| (repair.from.clone(), self.received(repair))).collect()
    }
}
