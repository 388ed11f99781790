//! Damage inside of single records: what an encoder that does not do as RFC 8259 says makes of one value.

use crate::simulator::http::json::push_string;

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// A field that is `NaN`.
    NaN,
    /// A field with `Infinity` and `-Infinity` deeper inside.
    Infinity,
    /// A text with a tab and a line feed that are not escaped.
    Control,
    /// A text in Latin-1.
    Latin1,
    /// A comma too many.
    Comma,
    /// A text without its end.
    Cut,
    /// A word that is no value.
    Bare,
    /// A bracket that is not closed.
    Bracket,
    /// A name in the wrong quotes.
    Quotes,
    /// No colon.
    Colon,
    /// An escape that there is not.
    Escape,
}

impl Damage {
    /// All kinds, as the switch names them.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("nan", Self::NaN),
        ("infinity", Self::Infinity),
        ("control", Self::Control),
        ("latin1", Self::Latin1),
        ("comma", Self::Comma),
        ("cut", Self::Cut),
        ("bare", Self::Bare),
        ("bracket", Self::Bracket),
        ("quotes", Self::Quotes),
        ("colon", Self::Colon),
        ("escape", Self::Escape),
    ];

    /// What stands behind one of the record's values.
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::NaN => br#","x_spoiled":NaN"#,
            Self::Infinity => br#","x_spoiled":{"deep":[Infinity,-Infinity]}"#,
            Self::Control => b",\"x_spoiled\":\"a\tb\nc\"",
            Self::Latin1 => b",\"x_spoiled\":\"K\xe4rkk\xe4inen\"",
            Self::Comma => br#","x_spoiled":[1,]"#,
            Self::Cut => br#","x_spoiled":"cut"#,
            Self::Bare => br#","x_spoiled":bare"#,
            Self::Bracket => br#","x_spoiled":[1"#,
            Self::Quotes => b",'x_spoiled':1",
            Self::Colon => br#","x_spoiled" 1"#,
            Self::Escape => br#","x_spoiled":"\x""#,
        }
    }
}

/// Which records are damaged, and how: those with a field of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoil {
    /// What is wrong with them.
    pub damage: Damage,
    /// The text of one of their fields.
    pub text: String,
}

impl Spoil {
    /// Reads `KIND:TEXT`.
    pub(in crate::simulator) fn parse(text: &str) -> Option<Self> {
        let (kind, text) = text.split_once(':')?;
        let (_, damage) = Damage::ALL.iter().find(|(name, _)| *name == kind)?;
        (!text.is_empty()).then(|| Self { damage: *damage, text: text.to_owned() })
    }

    /// Damages the records of a body; false when there is none of them in it.
    pub(in crate::simulator) fn apply(&self, body: &mut Vec<u8>) -> bool {
        let mut value = ":".to_owned();
        push_string(&self.text, &mut value);
        let value = value.as_bytes();
        let places = body.windows(value.len()).enumerate().filter(|(_, part)| *part == value);
        let ends: Vec<usize> = places.map(|(at, _)| at + value.len()).collect();
        for end in ends.iter().rev() {
            body.splice(end..end, self.damage.bytes().iter().copied());
        }
        !ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_records_with_the_text_are_damaged() {
        for (name, damage) in Damage::ALL {
            let spoil = Spoil::parse(&format!("{name}:a\"b")).unwrap();
            assert_eq!(spoil.damage, *damage);
            let mut body = br#"[{"id":"x"},{"id":"a\"b","n":1}]"#.to_vec();
            assert!(spoil.apply(&mut body));
            let expected = [br#"[{"id":"x"},{"id":"a\"b""#, damage.bytes(), br#","n":1}]"#].concat();
            assert_eq!(body, expected);
            assert!(serde_json::from_slice::<serde_json::Value>(&body).is_err(), "{name}");
            let mut body = br#"[{"id":"y"}]"#.to_vec();
            assert!(!spoil.apply(&mut body));
        }
    }
}
