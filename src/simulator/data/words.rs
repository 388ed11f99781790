//! Words for names, addresses and statuses, by country.

use crate::simulator::data::country::Country;

/// The words of one country. Repeated words are drawn more often.
#[derive(Debug)]
pub(in crate::simulator) struct Words {
    /// First parts of invented names.
    pub(in crate::simulator) heads: &'static [&'static str],
    /// Last parts of invented names.
    pub(in crate::simulator) tails: &'static [&'static str],
    pub(in crate::simulator) surnames: &'static [&'static str],
    pub(in crate::simulator) trades: &'static [&'static str],
    /// Legal forms at the end of a name.
    pub(in crate::simulator) forms: &'static [&'static str],
    /// Last parts of street names.
    pub(in crate::simulator) streets: &'static [&'static str],
    pub(in crate::simulator) active: &'static [&'static str],
    pub(in crate::simulator) inactive: &'static [&'static str],
}

/// The words of a country.
pub(in crate::simulator) fn words(country: Country) -> &'static Words {
    match country {
        Country::Fi => &FINNISH,
        Country::Se => &SWEDISH,
        Country::No => &NORWEGIAN,
        Country::Dk => &DANISH,
    }
}

#[rustfmt::skip]
static FINNISH: Words = Words {
    heads: &["Pohjan", "Lounais", "Kivi", "Metsä", "Järvi", "Lumi", "Kallio", "Hämeen", "Savon", "Meri", "Koivu", "Tuuli", "Sähkö", "Teräs", "Vesi", "Itä", "Länsi",
        "Uuden", "Vanhan", "Kaski", "Honka", "Karhu", "Revon", "Tähti", "Päivän", "Yö", "Ketun", "Saaren", "Rannan", "Hirvi", "Kuusi", "Lappi", "Sisä", "Ylä", "Ala"],
    tails: &["tuuli", "lampi", "salo", "ranta", "niemi", "järvi", "mäki", "koski", "harju", "lahti", "pelto", "vuori", "saari", "virta", "kangas", "suo", "lehto", "portti"],
    surnames: &["Virtanen", "Korhonen", "Mäkinen", "Nieminen", "Mäkelä", "Hämäläinen", "Laine", "Heikkinen", "Koskinen", "Järvinen", "Lehtonen", "Saarinen", "Salminen",
        "Heinonen", "Niemi", "Kinnunen", "Turunen", "Salo", "Tuominen", "Rantanen", "Väisänen", "Sjöblom", "Åkerman", "Lindström", "Hyvönen", "Yli-Hukkala"],
    trades: &["Rakennus", "Sähköasennus", "Konsultointi", "Kiinteistöt", "Kuljetus", "Putkityöt", "Ravintola", "Tilitoimisto", "Ohjelmistot", "Autohuolto", "Siivouspalvelu",
        "Maalaus", "Lääkäriasema", "Työkalu", "Hammaslääkärit", "Metalli", "Leipomo", "Parturi-Kampaamo", "Kone", "Puutarha", "Energia", "Lämpö", "Media", "Invest", "Maatila", "Kalastus"],
    forms: &["Oy", "Oy", "Oy", "Oy", "Oy", "Oy", "Oy", "Oy", "Oy", "Oy", "Oy", "Oy", "Oy Ab", "Oy Ab", "Ab", "Oyj", "Ky", "Ky", "Tmi", "Tmi", "osk"],
    streets: &["katu", "tie", "kuja", "polku", "raitti"],
    active: &["active", "active", "active", "Kaupparekisterissä"],
    inactive: &["Konkurssissa", "Lakannut", "Selvitystilassa", "Toiminta keskeytetty"],
};

#[rustfmt::skip]
static SWEDISH: Words = Words {
    heads: &["Norr", "Söder", "Väster", "Öster", "Björk", "Gran", "Sjö", "Ek", "Ljung", "Åker", "Fors", "Hög", "Lind", "Sten", "Älv", "Berg", "Sand", "Skär", "Små", "Röd", "Grön",
        "Ås", "Äng", "Häll", "Lönn", "Käll", "Kung", "Gull"],
    tails: &["ström", "berg", "dal", "näs", "holm", "gren", "vik", "kvist", "åsen", "fors", "mark", "lund", "stad", "säter", "hult", "bro", "ö"],
    surnames: &["Andersson", "Johansson", "Karlsson", "Nilsson", "Eriksson", "Larsson", "Olsson", "Persson", "Svensson", "Gustafsson", "Pettersson", "Jönsson", "Lindström",
        "Bergström", "Sjöberg", "Åkesson", "Öberg", "Håkansson", "Söderström", "Ångström", "Wikström", "Nyström"],
    trades: &["Bygg", "El", "Konsult", "Fastigheter", "Åkeri", "Rör", "Restaurang", "Redovisning", "Bil", "Städ", "Måleri", "Måltider", "Handel", "Förvaltning", "Invest", "Snickeri",
        "Trädgård", "Programvara", "Frisör", "Vård", "Energi", "Lantbruk", "Mekaniska", "Företagshälsa"],
    forms: &["AB", "AB", "AB", "AB", "AB", "AB (publ)", "HB", "KB", "& Co AB", "& Söner AB", "Ek. för."],
    streets: &["gatan", "vägen", "stigen", "gränd", "torget"],
    active: &["active", "Bolaget är aktivt", "Aktivt"],
    inactive: &["Avregistrerad", "Konkurs avslutad", "Konkurs inledd", "Likvidation beslutad"],
};

#[rustfmt::skip]
static NORWEGIAN: Words = Words {
    heads: &["Nord", "Sør", "Vest", "Øst", "Fjord", "Fjell", "Sol", "Bjørke", "Sjø", "Lille", "Stor", "Høy", "Gran", "Furu", "Elve", "Kyst", "Hav", "Øvre", "Nedre", "Rød", "Blå", "Måke"],
    tails: &["vik", "dal", "heim", "nes", "berg", "øya", "ås", "fjord", "moen", "bakken", "sund", "stad", "haugen", "lia", "bø"],
    surnames: &["Hansen", "Johansen", "Olsen", "Larsen", "Andersen", "Pedersen", "Nilsen", "Kristiansen", "Jensen", "Karlsen", "Bjørnsen", "Sørensen", "Høiland", "Østby", "Ødegård",
        "Håland", "Bråten", "Strøm", "Næss", "Sæther"],
    trades: &["Bygg", "Elektro", "Rør", "Eiendom", "Transport", "Regnskap", "Rådgivning", "Fisk", "Sjømat", "Frisør", "Bilverksted", "Maskin", "Renhold", "Invest", "Tømrer", "Måleservice",
        "Programvare", "Helse", "Kraft", "Gård", "Rekeri"],
    forms: &["AS", "AS", "AS", "AS", "AS", "ASA", "ANS", "DA", "ENK", "SA"],
    streets: &["gata", "veien", "vegen", "bakken", "svingen"],
    active: &["active", "Aktiv", "Registrert i Foretaksregisteret"],
    inactive: &["Slettet", "Konkurs", "Under avvikling", "Tvangsoppløst"],
};

#[rustfmt::skip]
static DANISH: Words = Words {
    heads: &["Nørre", "Sønder", "Vester", "Øster", "Sol", "Skov", "Bøge", "Ege", "Kløver", "Mølle", "Strand", "Hav", "Lille", "Store", "Høj", "Grøn", "Rød", "Blå", "Lærke", "Ærø", "Præste", "Å"],
    tails: &["gaard", "bæk", "lund", "borg", "holm", "by", "rup", "skov", "bjerg", "høj", "sø", "vang", "toft", "dal", "strup"],
    surnames: &["Nielsen", "Jensen", "Hansen", "Pedersen", "Andersen", "Christensen", "Larsen", "Sørensen", "Rasmussen", "Jørgensen", "Møller", "Kjær", "Bøgh", "Nørgaard", "Østergaard",
        "Ågesen", "Mærsk-Lund", "Thøgersen", "Brøndum"],
    trades: &["Byg", "El", "VVS", "Ejendomme", "Transport", "Revision", "Rådgivning", "Fiskeri", "Frisør", "Tømrer", "Smørrebrød", "Værksted", "Maskinfabrik", "Rengøring", "Invest", "Holding",
        "Software", "Sundhed", "Energi", "Landbrug", "Køkken", "Bageri", "Malerfirma"],
    forms: &["ApS", "ApS", "ApS", "ApS", "A/S", "A/S", "I/S", "IVS", "K/S", "Holding ApS"],
    streets: &["gade", "vej", "allé", "stræde", "plads"],
    active: &["active", "NORMAL", "Aktiv"],
    inactive: &["OPLØST EFTER KONKURS", "TVANGSOPLØST", "UNDER FRIVILLIG LIKVIDATION", "OPHØRT"],
};
