//! Finds the fields of a JSON object and the elements of an array without checking the syntax again.
//!
//! A record is checked when its page is read. Finding its fields then takes only the ends of strings and the matching
//! brackets. That is faster than `serde_json`'s map access, which checks the syntax again, and it shows at no cost
//! which strings have no escapes.

use super::json_text::Raw;

/// Iterator over the fields of an object: name with its quotes, and value. Ends early when the text is not a valid
/// object.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    text: &'a str,
    at: usize,
    /// Number of escapes in the value found last. It is not part of what [`Self::value`] returns, so that the value is
    /// returned in registers; returning it through memory stood out in the profile.
    escapes: usize,
}

impl<'a> Fields<'a> {
    /// The fields of the object in `text`; `None` when the text is not an object.
    pub(crate) fn new(text: &'a str) -> Option<Self> {
        text.starts_with('{').then_some(Self { text, at: 1, escapes: 0 })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Raw<'a>, Raw<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.peek()? == b',' {
            self.at += 1;
        }
        if self.peek()? != b'"' {
            return None;
        }
        let text = self.value()?;
        let name = Raw { text, escapes: self.escapes };
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        self.peek()?;
        let text = self.value()?;
        Some((name, Raw { text, escapes: self.escapes }))
    }
}

/// Iterator over the elements of an array. Ends early when the text is not a valid array.
#[derive(Debug)]
pub(crate) struct Elements<'a>(Fields<'a>);

impl<'a> Elements<'a> {
    /// The elements of the array in `text`; `None` when the text is not an array.
    pub(crate) fn new(text: &'a str) -> Option<Self> {
        text.starts_with('[').then_some(Self(Fields { text, at: 1, escapes: 0 }))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.peek()? == b',' {
            self.0.at += 1;
        }
        if self.0.peek()? == b']' {
            return None;
        }
        let text = self.0.value().filter(|text| !text.is_empty())?;
        Some(Raw { text, escapes: self.0.escapes })
    }
}

impl<'a> Fields<'a> {
    /// The next byte that is not a blank.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    fn value(&mut self) -> Option<&'a str> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        self.escapes = 0;
        match rest.first()? {
            b'"' => self.skip_string()?,
            b'{' | b'[' => self.skip_nested()?,
            _ => {
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
                self.at += rest.iter().position(ends)?;
            }
        }
        self.text.get(start..self.at)
    }

    /// Moves behind the string that starts here and counts its escapes.
    fn skip_string(&mut self) -> Option<()> {
        let text = self.text.as_bytes();
        self.at += 1;
        loop {
            self.at += quote_or_backslash(text.get(self.at..)?)?;
            if text.get(self.at) == Some(&b'"') {
                self.at += 1;
                return Some(());
            }
            self.escapes += 1;
            self.at += 2;
        }
    }

    /// Moves behind the array or object that starts here. Counts brackets instead of recursing, so that any depth of
    /// nesting is safe.
    fn skip_nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// Position of the first quote or backslash. Examines eight bytes at a time.
fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The lowest bit set is that of the first byte equal to `byte`.
    let equal = |word: u64, byte: u8| {
        let zero_where_equal = word ^ (ONES * u64::from(byte));
        zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & HIGH
    };
    let (words, rest) = text.as_chunks();
    for (position, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = equal(word, b'"') | equal(word, b'\\');
        if found != 0 {
            return Some(8 * position + (found.trailing_zeros() / 8) as usize);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(text.len() - rest.len() + found)
}

#[cfg(test)]
mod tests {
    use proptest::collection::{hash_map, vec};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\\\\"{}\\[\\],: a]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                hash_map("[\\\\\"{}\\[\\],: a]{0,10}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_fields_are_those_that_serde_json_finds(
            fields in hash_map("[\\\\\"{}\\[\\],: aä]{0,12}", any_json(), 0..6), pretty in any::<bool>(),
        ) {
            let object = Value::Object(fields.into_iter().collect());
            let text = if pretty { format!("{object:#}") } else { object.to_string() };
            let expected: Value = serde_json::from_str(&text).unwrap();
            let mut found = serde_json::Map::new();
            for (name, value) in Fields::new(&text).unwrap() {
                prop_assert_eq!(name.escapes == 0, !name.text.contains('\\'));
                found.insert(serde_json::from_str(name.text).unwrap(), serde_json::from_str(value.text).unwrap());
            }
            prop_assert_eq!(Value::Object(found), expected);
        }

        #[test]
        fn the_elements_are_those_that_serde_json_finds(elements in vec(any_json(), 0..6), pretty in any::<bool>()) {
            let array = Value::from(elements);
            let text = if pretty { format!("{array:#}") } else { array.to_string() };
            let expected: Value = serde_json::from_str(&text).unwrap();
            let found = Elements::new(&text).unwrap().map(|element| {
                serde_json::from_str(element.text).unwrap()
            });
            prop_assert_eq!(Value::Array(found.collect()), expected);
        }

        #[test]
        fn no_text_is_too_strange(text in "[{\\[\\]}\\\\\":,a1 ]{0,40}") {
            let count = Fields::new(&format!("{{{text}")).unwrap().count();
            prop_assert!(count <= text.len());
            let count = Elements::new(&format!("[{text}")).unwrap().count();
            prop_assert!(count <= text.len());
        }
    }
}
