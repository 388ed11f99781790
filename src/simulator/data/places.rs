//! Places with their municipality, postal codes and region (ISO 3166-2), by country.

use crate::simulator::data::country::Country;

/// A city and the postal codes that belong to it.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct Place {
    pub(in crate::simulator) city: &'static str,
    pub(in crate::simulator) municipality: &'static str,
    /// First and last postal code, both included.
    pub(in crate::simulator) postal: (u32, u32),
    pub(in crate::simulator) region: &'static str,
    /// Share of the country's companies, in percent.
    weight: u32,
}

const fn place(
    city: &'static str,
    municipality: &'static str,
    low: u32,
    high: u32,
    region: &'static str,
    weight: u32,
) -> Place {
    Place { city, municipality, postal: (low, high), region, weight }
}

/// The places of a country. Their weights sum to 100.
pub(in crate::simulator) fn places(country: Country) -> &'static [Place] {
    match country {
        Country::Fi => &FINLAND,
        Country::Se => &SWEDEN,
        Country::No => &NORWAY,
        Country::Dk => &DENMARK,
    }
}

/// The index of the place for the draw `ticket` (0..100).
pub(in crate::simulator) fn number_of(country: Country, ticket: u32) -> usize {
    let mut left = ticket;
    for (number, place) in places(country).iter().enumerate() {
        if left < place.weight {
            return number;
        }
        left -= place.weight;
    }
    0
}

static FINLAND: [Place; 20] = [
    place("HELSINKI", "HELSINKI", 100, 990, "FI-18", 27),
    place("VANTAA", "VANTAA", 1200, 1770, "FI-18", 8),
    place("ESPOO", "ESPOO", 2100, 2980, "FI-18", 11),
    place("KLAUKKALA", "NURMIJÄRVI", 1800, 1830, "FI-18", 2),
    place("PORVOO", "PORVOO", 6100, 6500, "FI-18", 2),
    place("HÄMEENLINNA", "HÄMEENLINNA", 13100, 13600, "FI-06", 2),
    place("LAHTI", "LAHTI", 15100, 15980, "FI-16", 4),
    place("TURKU", "TURKU", 20100, 20960, "FI-19", 8),
    place("PORI", "PORI", 28100, 28900, "FI-17", 3),
    place("TAMPERE", "TAMPERE", 33100, 33960, "FI-11", 10),
    place("JYVÄSKYLÄ", "JYVÄSKYLÄ", 40100, 40950, "FI-08", 4),
    place("KOTKA", "KOTKA", 48100, 48910, "FI-09", 1),
    place("MIKKELI", "MIKKELI", 50100, 50970, "FI-04", 1),
    place("SEINÄJOKI", "SEINÄJOKI", 60100, 60800, "FI-03", 2),
    place("VAASA", "VAASA", 65100, 65410, "FI-12", 2),
    place("KUOPIO", "KUOPIO", 70100, 70910, "FI-15", 3),
    place("JOENSUU", "JOENSUU", 80100, 80910, "FI-13", 2),
    place("OULU", "OULU", 90100, 90940, "FI-14", 5),
    place("ROVANIEMI", "ROVANIEMI", 96100, 96960, "FI-10", 2),
    place("MARIEHAMN", "MARIEHAMN", 22100, 22160, "FI-01", 1),
];

static SWEDEN: [Place; 18] = [
    place("STOCKHOLM", "STOCKHOLM", 10000, 12979, "SE-AB", 26),
    place("SOLNA", "SOLNA", 16900, 17179, "SE-AB", 5),
    place("MALMÖ", "MALMÖ", 20000, 21871, "SE-M", 9),
    place("LUND", "LUND", 22000, 22761, "SE-M", 3),
    place("HELSINGBORG", "HELSINGBORG", 25000, 25743, "SE-M", 4),
    place("VÄXJÖ", "VÄXJÖ", 35000, 35263, "SE-G", 3),
    place("GÖTEBORG", "GÖTEBORG", 40000, 41879, "SE-O", 14),
    place("BORÅS", "BORÅS", 50000, 50770, "SE-O", 5),
    place("KINNA", "MARK", 51000, 51199, "SE-O", 2),
    place("JÖNKÖPING", "JÖNKÖPING", 55000, 55650, "SE-F", 4),
    place("LINKÖPING", "LINKÖPING", 58000, 58947, "SE-E", 4),
    place("KARLSTAD", "KARLSTAD", 65000, 65635, "SE-S", 3),
    place("ÖREBRO", "ÖREBRO", 70000, 70597, "SE-T", 4),
    place("VÄSTERÅS", "VÄSTERÅS", 72000, 72600, "SE-U", 4),
    place("UPPSALA", "UPPSALA", 75000, 75760, "SE-C", 4),
    place("GÄVLE", "GÄVLE", 80000, 80650, "SE-X", 2),
    place("UMEÅ", "UMEÅ", 90000, 90754, "SE-AC", 2),
    place("LULEÅ", "LULEÅ", 97000, 97753, "SE-BD", 2),
];

static NORWAY: [Place; 14] = [
    place("OSLO", "OSLO", 10, 1295, "NO-03", 30),
    place("SANDVIKA", "BÆRUM", 1300, 1359, "NO-32", 6),
    place("LILLESTRØM", "LILLESTRØM", 2000, 2019, "NO-32", 3),
    place("HAMAR", "HAMAR", 2301, 2325, "NO-34", 3),
    place("DRAMMEN", "DRAMMEN", 3001, 3048, "NO-33", 5),
    place("TØNSBERG", "TØNSBERG", 3101, 3129, "NO-39", 3),
    place("STAVANGER", "STAVANGER", 4001, 4036, "NO-11", 9),
    place("KRISTIANSAND S", "KRISTIANSAND", 4604, 4639, "NO-42", 5),
    place("BERGEN", "BERGEN", 5003, 5099, "NO-46", 13),
    place("ÅLESUND", "ÅLESUND", 6002, 6026, "NO-15", 4),
    place("TRONDHEIM", "TRONDHEIM", 7010, 7099, "NO-50", 10),
    place("BODØ", "BODØ", 8001, 8092, "NO-18", 4),
    place("TROMSØ", "TROMSØ", 9006, 9024, "NO-55", 4),
    place("VADSØ", "VADSØ", 9800, 9811, "NO-56", 1),
];

static DENMARK: [Place; 14] = [
    place("KØBENHAVN K", "KØBENHAVN", 1050, 1473, "DK-84", 15),
    place("KØBENHAVN Ø", "KØBENHAVN", 2100, 2100, "DK-84", 8),
    place("FREDERIKSBERG", "FREDERIKSBERG", 1800, 2000, "DK-84", 6),
    place("KONGENS LYNGBY", "LYNGBY-TAARBÆK", 2800, 2800, "DK-84", 5),
    place("HELSINGØR", "HELSINGØR", 3000, 3000, "DK-84", 3),
    place("ROSKILDE", "ROSKILDE", 4000, 4000, "DK-85", 6),
    place("NÆSTVED", "NÆSTVED", 4700, 4700, "DK-85", 4),
    place("ODENSE C", "ODENSE", 5000, 5270, "DK-83", 10),
    place("ESBJERG", "ESBJERG", 6700, 6715, "DK-83", 6),
    place("KOLDING", "KOLDING", 6000, 6000, "DK-83", 5),
    place("VEJLE", "VEJLE", 7100, 7120, "DK-83", 6),
    place("AARHUS C", "AARHUS", 8000, 8270, "DK-82", 14),
    place("AALBORG", "AALBORG", 9000, 9220, "DK-81", 9),
    place("HJØRRING", "HJØRRING", 9800, 9800, "DK-81", 3),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_a_country_sum_to_a_hundred() {
        for country in Country::ALL {
            assert_eq!(
                places(country).iter().map(|place| place.weight).sum::<u32>(),
                100,
                "{}",
                country.code()
            );
        }
    }
}
