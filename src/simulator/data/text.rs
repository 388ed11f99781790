//! Texts of a company, generated from the seed and the index on every access.
//!
//! The functions for fields append to `out`. Those that return a `bool` return false if the company has no value.

use std::fmt::Write as _;

use crate::simulator::data::country::Country;
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::words::words;

/// The company that a text belongs to.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct Subject {
    pub(in crate::simulator) seed: u64,
    pub(in crate::simulator) index: u32,
    pub(in crate::simulator) country: Country,
}

impl Subject {
    pub(in crate::simulator) fn draw(self, stream: Stream) -> Rng {
        Rng::new(self.seed, u64::from(self.index), stream)
    }

    /// Appends the name without its legal form: an invented or family name, often with a trade.
    fn base(self, out: &mut String) -> Rng {
        let words = words(self.country);
        let mut draw = self.draw(Stream::Name);
        let with_trade = match draw.below(10) {
            0..4 => {
                out.push_str(draw.pick(words.heads));
                out.push_str(draw.pick(words.tails));
                true
            }
            4..7 => {
                out.push_str(draw.pick(words.heads));
                out.push_str(draw.pick(words.tails));
                false
            }
            7 => {
                out.push_str(draw.pick(words.surnames));
                out.push_str(" & ");
                out.push_str(draw.pick(words.surnames));
                false
            }
            _ => {
                out.push_str(draw.pick(words.surnames));
                true
            }
        };
        if with_trade || draw.chance(200) {
            out.push(' ');
            out.push_str(draw.pick(words.trades));
        }
        draw
    }

    /// Appends the company's name. One in forty has characters that break careless programs (see [`spoil`]).
    pub(in crate::simulator) fn company_name(self, out: &mut String) {
        let start = out.len();
        let mut draw = self.base(out);
        let form = draw.pick(words(self.country).forms);
        // As in "Oy Samlink Ab": the legal form, or a part of it, may come first.
        if form == "Tmi" || (form == "Oy Ab" && draw.chance(500)) {
            let (front, back) = form.split_once(' ').unwrap_or((form, ""));
            out.insert(start, ' ');
            out.insert_str(start, front);
            if !back.is_empty() {
                out.push(' ');
                out.push_str(back);
            }
        } else if !form.is_empty() {
            out.push(' ');
            out.push_str(form);
        }
        let mut oddity = self.draw(Stream::Oddity);
        if oddity.chance(25) {
            spoil(out, start, &mut oddity);
        }
    }

    /// Appends the name in ASCII letters and digits only, as in domains and handles.
    pub(in crate::simulator) fn handle(self, out: &mut String) {
        let mut base = String::new();
        self.base(&mut base);
        push_ascii(&base, out);
    }

    /// Appends the host of the company's web site, without `www.`.
    pub(in crate::simulator) fn domain(self, out: &mut String) -> bool {
        let mut draw = self.draw(Stream::Link);
        if draw.chance(250) {
            return false;
        }
        self.handle(out);
        out.push('.');
        let own = self.country.top_level_domain();
        out.push_str(draw.pick(&[own, own, own, own, "com", "com", "io", "eu"]));
        true
    }

    /// Appends the web site in one of the forms of the document's examples: a host, a host with `www.`, or a URL.
    pub(in crate::simulator) fn link(self, out: &mut String) -> bool {
        let start = out.len();
        let has_link = self.domain(out);
        if has_link {
            let mut draw = self.draw(Stream::Link).skip(2); // what `domain` drew
            out.insert_str(start, draw.pick(&["", "www.", "www.", "http://www.", "https://"]));
        }
        has_link
    }

    pub(in crate::simulator) fn phone(self, out: &mut String) -> bool {
        let mut draw = self.draw(Stream::Phone);
        if draw.chance(350) {
            return false;
        }
        if draw.chance(10) {
            return true; // an empty text, which is not the same as none
        }
        let (head, middle, end) = (draw.below(90) + 10, draw.below(100), draw.below(1000));
        let (area, pair) = (draw.below(10), draw.below(100));
        let _ = match self.country {
            Country::Fi if draw.chance(300) => write!(out, "09{head}{middle:02}{end:03}"),
            Country::Fi => write!(out, "+358 4{area} {head}{middle:02}{end:03}"),
            Country::Se => write!(out, "+46 {area} {end:03} {head} {middle:02}"),
            Country::No => write!(out, "+47 {head} {middle:02} {pair:02} {area}{}", end % 10),
            Country::Dk => write!(out, "+45 {head} {middle:02} {pair:02} {area}{}", end % 10),
        };
        true
    }

    /// Appends a street address: the regular one or the visiting one, depending on `stream`.
    pub(in crate::simulator) fn address(self, stream: Stream, out: &mut String) {
        street(self.country, &mut self.draw(stream), out);
    }

    /// Appends the status in the words of the national register. An active company may have none.
    pub(in crate::simulator) fn status(self, active: bool, out: &mut String) -> bool {
        let mut draw = self.draw(Stream::Status).skip(1); // whether the company is active
        let words = words(self.country);
        if active && draw.chance(20) {
            return false;
        }
        out.push_str(draw.pick(if active { words.active } else { words.inactive }));
        true
    }

    pub(in crate::simulator) fn linkedin_id(self, out: &mut String) -> bool {
        let mut draw = self.draw(Stream::Social);
        let id = draw.between(1_000, 9_999_999);
        draw.chance(200) && write!(out, "{id}").is_ok()
    }

    pub(in crate::simulator) fn twitter_link(self, out: &mut String) -> bool {
        let mut draw = self.draw(Stream::Social).skip(2); // of the number that LinkedIn has
        let has_link = draw.chance(120);
        if has_link {
            let start = out.len();
            out.push_str(draw.pick(&["https://twitter.com/", "http://twitter.com/"]));
            self.handle(out);
            out.truncate(start + 35);
        }
        has_link
    }

    pub(in crate::simulator) fn facebook_link(self, out: &mut String) -> bool {
        let mut draw = self.draw(Stream::Social).skip(4); // of what LinkedIn and Twitter have
        let has_link = draw.chance(300);
        if has_link {
            out.push_str("https://www.facebook.com/");
            self.handle(out);
            out.push_str(draw.pick(&["/", "/", "", "/?fref=ts"]));
        }
        has_link
    }
}

/// Appends a street and a house number.
pub(in crate::simulator) fn street(country: Country, draw: &mut Rng, out: &mut String) {
    let words = words(country);
    out.push_str(draw.pick(words.heads));
    out.push_str(draw.pick(words.streets));
    let _ = write!(out, " {}", draw.between(1, 120));
    let (letter, floor) = (draw.pick(&['A', 'B', 'C', 'D']), draw.between(1, 6));
    if draw.chance(350) {
        let _ = match country {
            Country::Fi => write!(out, " {letter} {floor}"),
            Country::Dk => write!(out, ", {floor}. tv"),
            Country::Se | Country::No => write!(out, " {letter}"),
        };
    }
}

/// Appends the letters and digits of `text` as lower-case ASCII, as in domains and e-mail addresses.
pub(in crate::simulator) fn push_ascii(text: &str, out: &mut String) {
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            'å' | 'ä' => out.push('a'),
            'æ' => out.push_str("ae"),
            'ö' | 'ø' => out.push('o'),
            'é' => out.push('e'),
            _ => {}
        }
    }
}

/// Changes the name that begins at `start` into one that breaks careless programs.
fn spoil(out: &mut String, start: usize, draw: &mut Rng) {
    let name = out.split_off(start);
    let (first, rest) = name.split_once(' ').unwrap_or((&name, ""));
    let _ = match draw.below(60) {
        0..5 => write!(out, "\"{first}\" {rest}"),
        5..10 => write!(out, "{first}'s {rest}"),
        10..14 => write!(out, "{first}, {rest}"),
        14..17 => write!(out, "{first}; {rest}"),
        17..20 => write!(out, "=SUM(A1:A9) {name}"),
        20..23 => write!(out, "{first}\\{rest}"),
        23..26 => write!(out, "<b>{first}</b> {rest}"),
        26..28 => write!(out, "<script>alert(\"{first}\")</script> {rest}"),
        28..31 => write!(out, "Robert'); DROP TABLE companies;-- {rest}"),
        31..36 => write!(out, "{name} "),
        36..38 => write!(out, "  {name}"),
        38..42 => write!(out, "{first} \u{1f680} {rest}"),
        42..44 => write!(out, "{first} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} {rest}"),
        44..47 => write!(out, "{first} / {rest}"),
        47..49 => write!(out, "{first} % {rest} \u{2013} \u{201d}{first}\u{201d}"),
        49..51 => write!(out, "Cafe\u{301} {name}"), // an accent as a letter of its own
        51..53 => write!(out, "@{first} +{rest}"),
        53..55 => write!(out, "-{first}\u{a0}{rest}"),
        55 => write!(out, "null"),
        56 => write!(out, "{first}\u{1b}[31m {rest}"),
        57 => write!(out, "{first}\n{rest}"),
        58 => write!(out, "{first}\t{rest}"),
        _ => write!(out, "\u{202e}{first}\u{202c} {rest}"),
    };
}
