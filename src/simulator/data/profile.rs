//! Values of a company that only the detail endpoints show: technologies, scores, description.

use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::text::Subject;
use crate::simulator::data::words::words;

/// The document's examples and similar ones: products with and without a version, untranslated names, language codes.
#[rustfmt::skip]
const TECHNOLOGIES: [&str; 45] = [
    "Apache", "Google analytics", "Wordpress", "Fi", "En", "Sv", "Wordpress 4", "Flash", "Nb", "Wordpress super cache", "Sonera.net",
    "Jquery 1.11.3", "Twitter", "Youtube", "_(\"BLOG\")", "Www", "Javascript", "Jquery", "Sonera.fi", "Vimeo", "_(\"RESPONSIVE\")",
    "Facebook", "Doubleclick", "Google maps", "Google font api", "Dropbox", "_(\"OWN_EMAIL_SERVER\")", "Php", "un", "Yammer",
    "Da", "De", "Nginx", "Microsoft iis 10.0", "Microsoft iis", "Drupal 7", "Drupal", "Php 5.6", "Hubspot", "Office 365",
    "_(\"ONLINE_STORE\")", "Cloudflare", "C++, \"Qt\"", "Ääkköset", "Linkedin",
];

/// Scores of a web site, 0 to 1. Either all are `None` or no one is.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct Scores {
    pub(in crate::simulator) digitality: Option<f64>,
    pub(in crate::simulator) sociality: Option<f64>,
    pub(in crate::simulator) marketility: Option<f64>,
}

impl Subject {
    /// The technologies of the company's web site: none for four companies in ten, sometimes one of them twice.
    pub(in crate::simulator) fn technologies(self) -> Vec<&'static str> {
        let mut draw = self.draw(Stream::Technology);
        if draw.chance(400) {
            return Vec::new();
        }
        let (start, share) = (draw.below(45) as usize, draw.between(100, 700));
        let all = TECHNOLOGIES.iter().cycle().skip(start).take(TECHNOLOGIES.len()).copied();
        let mut technologies: Vec<&str> = all.filter(|_| draw.chance(share)).collect();
        if draw.chance(20)
            && let Some(first) = technologies.first().copied()
        {
            technologies.push(first);
        }
        technologies
    }

    /// How digital, how social and how active in marketing the company is, 0 to 1.
    pub(in crate::simulator) fn scores(self) -> Scores {
        let mut draw = self.draw(Stream::Profile);
        let is_known = !draw.chance(200);
        let mut score = || is_known.then(|| f64::from(draw.below(21)) / 20.0);
        Scores { digitality: score(), sociality: score(), marketility: score() }
    }

    /// The company's description of itself.
    pub(in crate::simulator) fn description(self) -> Option<String> {
        let mut draw: Rng = self.draw(Stream::Profile).skip(4); // of the scores
        if draw.chance(550) {
            return None;
        }
        let (one, other) = (draw.pick(words(self.country).trades), draw.pick(words(self.country).trades));
        let mut text = String::new();
        self.company_name(&mut text);
        let middle = draw.pick(&[" \u{2013} ", ": ", "\n\n", "\r\n\u{2022} ", ", \"", "\t"]);
        text.push_str(middle);
        text.push_str(&format!("{one} & {other} ({})", draw.between(1900, 2025)));
        Some(text)
    }
}
