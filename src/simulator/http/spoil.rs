//! Damage inside single records, as an encoder that violates RFC 8259 causes it.

use crate::simulator::http::json::push_string;

/// The kind of damage. Each inserts one more field into the record, `x_spoiled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The value is `NaN`.
    NaN,
    /// The value contains `Infinity` and `-Infinity` deeper inside.
    Infinity,
    /// The value is a text with an unescaped tab and line feed.
    Control,
    /// The value is a text in Latin-1.
    Latin1,
    /// The value is a list with a trailing comma.
    Comma,
    /// The value is a text without a closing quote.
    Cut,
    /// The value is a word that is not a JSON literal.
    Bare,
    /// The value is a list that is not closed.
    Bracket,
    /// The name is in single quotes.
    Quotes,
    /// The colon is missing.
    Colon,
    /// The value is a text with an escape that JSON does not have.
    Escape,
}

impl Damage {
    /// All kinds, with their names in the switch.
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

    /// The bytes to insert after a value of the record.
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

/// Damage to the records with a certain text as the value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoil {
    /// The kind of damage.
    pub damage: Damage,
    /// The value of the field, as a whole.
    pub text: String,
}

impl Spoil {
    /// Reads `KIND:TEXT`.
    pub(in crate::simulator) fn parse(text: &str) -> Option<Self> {
        let (kind, text) = text.split_once(':')?;
        let (_, damage) = Damage::ALL.iter().find(|(name, _)| *name == kind)?;
        (!text.is_empty()).then(|| Self { damage: *damage, text: text.to_owned() })
    }

    /// Damages the records in a body. False if none of them is in it.
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
