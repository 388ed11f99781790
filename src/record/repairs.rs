//! The repairs that turned a body into JSON, with the bytes as received.

use std::borrow::Cow;
use std::ops::Range;

/// Maximum number of bytes kept of a record that cannot be read.
const MOST_RAW: usize = 64 << 10;

/// What was wrong at a place in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `NaN`, `Infinity` or `-Infinity`, replaced with JSON null.
    NotANumber,
    /// A control character inside a string, replaced with its escape.
    ControlCharacter,
    /// Bytes inside a string that are not UTF-8, replaced with half of a surrogate pair, which is read as U+FFFD.
    NotText,
    /// A record that no parser can read, replaced with JSON null.
    Unreadable,
}

/// One repaired place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Repair {
    /// Range in the mended text.
    at: Range<usize>,
    /// Range in the body as received.
    from: Range<usize>,
    fault: Fault,
    /// Start of its bytes in [`Repairs::received`].
    received: usize,
}

/// The repaired places of a body, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Repairs {
    places: Vec<Repair>,
    /// The bytes as received of all repaired places, one after the other.
    received: Vec<u8>,
    /// Address of the first byte of the mended text, by which a part of the text is located.
    base: usize,
    length: usize,
}

impl Repairs {
    /// Records that the range `from` of the body, with the bytes `received`, is now the range `at` of the mended text.
    /// Calls must be in the order of the text.
    pub(crate) fn push(&mut self, at: Range<usize>, from: Range<usize>, received: &[u8], fault: Fault) {
        self.places.push(Repair { at, from, fault, received: self.received.len() });
        self.received.extend_from_slice(received);
    }

    /// Adds the repairs of a text that was appended at `at` and comes from offset `from` of the body.
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

    /// Sets the text that the places refer to. It must not move while parts of it are looked up.
    pub(crate) fn of_text(mut self, text: &str) -> Self {
        (self.base, self.length) = (text.as_ptr() as usize, text.len());
        self
    }

    /// Range of a part of the mended text; `None` for another text.
    fn place(&self, part: &str) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(self.base)?;
        let end = start.checked_add(part.len())?;
        (end <= self.length).then_some(start..end)
    }

    /// The repaired places inside a part of the mended text, each with its bytes as received.
    fn inside(&self, part: &str) -> impl Iterator<Item = (&Repair, &[u8])> {
        let place = self.place(part).unwrap_or(0..0);
        let first = self.places.partition_point(|repair| repair.at.end <= place.start);
        let rest = self.places.iter().skip(first).take_while(move |repair| repair.at.start < place.end);
        rest.map(|repair| (repair, self.received(repair)))
    }

    fn received(&self, repair: &Repair) -> &[u8] {
        self.received.get(repair.received..repair.received + repair.from.len()).unwrap_or_default()
    }

    /// Whether a part of the mended text has a place with that fault.
    pub(crate) fn has(&self, part: &str, fault: Fault) -> bool {
        self.inside(part).any(|(repair, _)| repair.fault == fault)
    }

    /// The bytes of the unreadable record that this part of the mended text stands for; `None` when it is something
    /// else.
    pub(crate) fn unreadable(&self, part: &str) -> Option<&[u8]> {
        self.inside(part).find(|(repair, _)| repair.fault == Fault::Unreadable).map(|(_, received)| received)
    }

    /// Number of records that cannot be read.
    #[cfg(test)]
    pub(crate) fn unreadable_records(&self) -> usize {
        self.places.iter().filter(|repair| repair.fault == Fault::Unreadable).count()
    }

    /// A part of the mended text as it was received, with U+FFFD for bytes that are not UTF-8. Records that cannot be
    /// read are shortened.
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

    /// The offset in the body for an offset in the mended text. Inside a repaired place, this is the nearer end of the
    /// place.
    pub(crate) fn position(&self, at: usize) -> usize {
        let before = self.places.partition_point(|repair| repair.at.end <= at);
        if let Some(repair) = self.places.get(before).filter(|repair| repair.at.start < at) {
            // Only a comma can be between the start of the place and its replacement.
            return if at - repair.at.start <= 1 { repair.from.start } else { repair.from.end };
        }
        match before.checked_sub(1).and_then(|last| self.places.get(last)) {
            Some(repair) => repair.from.end + (at - repair.at.end),
            None => at,
        }
    }

    /// Ranges of the body that hold unreadable records, with their bytes.
    pub(crate) fn unreadable_ranges(&self) -> Vec<(Range<usize>, &[u8])> {
        let unreadable = self.places.iter().filter(|repair| repair.fault == Fault::Unreadable);
        unreadable.map(|repair| (repair.from.clone(), self.received(repair))).collect()
    }
}
