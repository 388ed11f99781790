//! The texts of leads: title, link and tags. They are in the language of the account, here Finnish.

use crate::simulator::data::leads::Lead;

/// Kinds of news: the tag, and the title, in which `{a}` and `{b}` stand for companies.
#[rustfmt::skip]
const KINDS: [(&str, &str); 12] = [
    ("Kumppanuudet ja yhteistyöprojektit", "{a} ja {b} yhteistyöhön"),
    ("Organisaatiomuutokset", "{a} launch in-house acquiring"),
    ("Projektit", "{a} voitti kilpailutuksen"),
    ("Tulosjulkistus - positiivinen", "Positiivinen tulosjulkistus: {a}"),
    ("Tulosjulkistus - negatiivinen", "{a}: tulos laski, \"ei yllätys\""),
    ("Fuusiot, jakautumiset, yrityskaupat", "Fuusio {a} ja {b} yrityksen välillä"),
    ("Rekrytointi", "{a} palkkaa 20 uutta työntekijää"),
    ("Investoinnit", "{a} investoi \u{2013} uusi tehdas avataan ensi vuonna"),
    ("Toimitilat", "{a} muuttaa uusiin tiloihin"),
    ("Johdon nimitykset", "{a}, uusi toimitusjohtaja"),
    ("Lomautukset & YT-neuvottelut", "{a} aloittaa yt-neuvottelut"),
    ("Kansainvälistyminen", "{a} enters the Nordic market \u{1f680}"),
];

/// The texts of a lead.
#[derive(Debug)]
pub(in crate::simulator) struct News {
    pub(in crate::simulator) title: String,
    pub(in crate::simulator) link: String,
    pub(in crate::simulator) tags: Vec<&'static str>,
}

impl News {
    /// Generates the texts of a lead in the world with this seed.
    pub(in crate::simulator) fn of(lead: &Lead, seed: u64) -> Self {
        let mut draw = lead.draw.clone();
        let [first, last] = lead.names(seed);
        let (tag, pattern) = draw.pick(&KINDS);
        let mut title = pattern.replace("{b}", &last).replace("{a}", &first);
        match draw.below(100) {
            0..6 => title.insert(0, ' '),
            6..14 => title.push(' '),
            _ => {}
        }
        let host = draw.pick(&["www.kauppauutiset.example", "news.cision.example", "www.linkki.example"]);
        let scheme = draw.pick(&["http", "http", "https"]);
        let mut tags = vec![tag];
        match draw.below(100) {
            0..5 => tags.clear(),
            5..20 => tags.push(draw.pick(&KINDS).0),
            _ => {}
        }
        Self { title, link: format!("{scheme}://{host}/uutiset/yritykset+nyt/a{}", lead.id), tags }
    }
}
