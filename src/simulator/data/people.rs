//! First names and titles of contacts, by country.

use crate::simulator::data::country::Country;

/// Common first names of the country.
pub(in crate::simulator) fn first_names(country: Country) -> &'static [&'static str] {
    match country {
        Country::Fi => &[
            "Anni",
            "Toivo",
            "Päivi",
            "Mikko",
            "Hanna",
            "Juha",
            "Äijö",
            "Anna-Liisa",
            "Väinö",
            "Sari",
            "Matti",
        ],
        Country::Se => {
            &["Åsa", "Lars", "Göran", "Karin", "Björn", "Elin", "Per-Olof", "Malin", "Örjan", "Ida"]
        }
        Country::No => {
            &["Øyvind", "Kari", "Bjørn", "Ingrid", "Åse", "Lars", "Håkon", "Anne Grete", "Nils", "Siv"]
        }
        Country::Dk => {
            &["Søren", "Mette", "Jørgen", "Kirsten", "Bjørk", "Lone", "Åge", "Anne-Marie", "Hans", "Pia"]
        }
    }
}

/// Job titles, in the language of the country or in English.
pub(in crate::simulator) fn titles(country: Country) -> &'static [&'static str] {
    match country {
        Country::Fi => {
            &["Toimitusjohtaja", "Asiakkuusjohtaja", "Talousjohtaja", "Myyntijohtaja", "CTO", "CEO"]
        }
        Country::Se => &["VD", "Ekonomichef", "Försäljningschef", "Inköpschef", "CTO", "CEO"],
        Country::No => &["Daglig leder", "Økonomisjef", "Salgssjef", "Styreleder", "CTO", "CEO"],
        Country::Dk => &["Direktør", "Økonomichef", "Salgschef", "Indehaver", "CTO", "CEO"],
    }
}
