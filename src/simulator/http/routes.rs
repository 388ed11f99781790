//! The paths of the endpoints.

use percent_encoding::percent_decode_str;

use crate::simulator::endpoints::async_result;
use crate::simulator::endpoints::customer_data;
use crate::simulator::endpoints::leads_of;
use crate::simulator::endpoints::prospect;
use crate::simulator::endpoints::prospects_filter;
use crate::simulator::endpoints::target_group;
use crate::simulator::endpoints::target_groups;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::server::{Asked, Shared};

/// Start of the path of every endpoint.
const BASE: &str = "/api/v1/";

/// One endpoint.
pub(in crate::simulator) struct Route {
    /// The path after [`BASE`]. `{}` matches any one segment.
    path: &'static str,
    pub(in crate::simulator) methods: &'static [&'static str],
    /// Answers a request. The text is the decoded segment matched by `{}`, or empty.
    pub(in crate::simulator) answer: fn(&Shared, &Asked, &str) -> Answer,
}

const fn get(path: &'static str, answer: fn(&Shared, &Asked, &str) -> Answer) -> Route {
    Route { path, methods: &["GET"], answer }
}

/// All endpoints.
static ROUTES: [Route; 14] = [
    Route {
        path: "prospects/filter/",
        methods: &["GET", "POST"],
        answer: |shared, asked, _| prospects_filter::answer(shared, asked),
    },
    get("prospect/{}/", prospect::basic),
    get("prospect/{}/all/", prospect::all),
    get("prospect/{}/financial_statements/", prospect::financial_statements),
    get("prospect/{}/contacts/", prospect::contacts),
    get("prospect/{}/leads/", leads_of::prospect),
    get("target_groups/", |shared, asked, _| target_groups::all(shared, asked)),
    // The document omits the final slash here, and nowhere else.
    get("target_groups/{}", target_groups::one),
    get("target_groups/{}/", target_groups::one),
    get("target_group/{}/", target_group::answer),
    get("target_group/{}/leads/", leads_of::target_group),
    get("customer_data/", |shared, asked, _| customer_data::page(shared, asked)),
    get("customer_data/{}/", customer_data::one),
    get("async_result/batch-import/{}/", async_result::answer),
];

/// The result of looking up a path.
pub(in crate::simulator) enum Place {
    /// An endpoint, with the decoded segment matched by `{}`, or an empty text.
    Endpoint(&'static Route, String),
    /// No endpoint, but one with a slash appended.
    WithSlash,
    Nowhere,
}

/// Looks up the path of a request, as it was sent (percent-encoded).
pub(in crate::simulator) fn place(path: &str) -> Place {
    let find = |path: &str| ROUTES.iter().find_map(|route| Some((route, route.matches(path)?)));
    match find(path) {
        Some((route, segment)) => Place::Endpoint(route, segment),
        None if find(&format!("{path}/")).is_some() => Place::WithSlash,
        None => Place::Nowhere,
    }
}

impl Route {
    /// The decoded segment matched by `{}`. `None` if the path is not this route's.
    fn matches(&self, path: &str) -> Option<String> {
        let (mut wanted, mut found) = (self.path.split('/'), path.strip_prefix(BASE)?.split('/'));
        let mut segment = String::new();
        loop {
            match (wanted.next(), found.next()) {
                (None, None) => return Some(segment),
                (Some("{}"), Some(text)) if !text.is_empty() => {
                    segment = percent_decode_str(text).decode_utf8().ok()?.into_owned();
                }
                (Some(wanted), Some(text)) if wanted == text => {}
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(path: &str) -> Option<String> {
        match place(path) {
            Place::Endpoint(_, segment) => Some(segment),
            Place::WithSlash | Place::Nowhere => None,
        }
    }

    #[test]
    fn a_segment_is_decoded_once_and_stays_one_segment() {
        assert_eq!(segment("/api/v1/prospect/FI09704098/").as_deref(), Some("FI09704098"));
        assert_eq!(segment("/api/v1/prospect/%46I0%2F%25/all/").as_deref(), Some("FI0/%"));
        assert_eq!(segment("/api/v1/prospect//"), None);
        assert_eq!(segment("/api/v1/prospect/%ff/"), None);
        assert_eq!(segment("/api/v1/prospect/a/b/"), None);
    }

    #[test]
    fn only_single_target_groups_need_no_slash() {
        assert!(
            segment("/api/v1/target_groups/a").is_some() && segment("/api/v1/target_groups/a/").is_some()
        );
        assert!(matches!(place("/api/v1/target_group/a"), Place::WithSlash));
        assert!(matches!(place("/api/v1/target_groups"), Place::WithSlash));
        assert!(matches!(place("/api/v1/target_group"), Place::Nowhere));
        assert!(matches!(place("/api/v2/target_groups/"), Place::Nowhere));
    }
}
