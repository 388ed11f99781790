//! Builds the request that is sent for a [`RequestKey`].

use url::Url;

use super::registry::KnownList;
use crate::api::ApiRequest;
use crate::catalog::api::Dialect;
use crate::catalog::{Cursor, Endpoint, Paging, Stream};
use crate::clock::utc_text;
use crate::landing::ledger::{Ask, RequestKey};

/// Maximum length of a URL, in characters. A longer one is sent as a POST with the same parameters in its body:
/// servers and proxies commonly refuse request lines of 8 KiB, some of 4 KiB. The API's document, "Filtering
/// examples", allows both.
const LONGEST_URL: usize = 2000;

/// A moment after which nothing has changed yet: 2100-01-01, in microseconds since 1970, UTC.
const TO_COME_US: i64 = 4_102_444_800_000_000;

type Parameters = Vec<(String, Vec<String>)>;

/// The request for a part of a list.
pub(super) fn of_list(list: &KnownList<'_>, key: &RequestKey, base_url: &Url) -> ApiRequest {
    let endpoint = &list.planned.stream.endpoint;
    let mut parameters = own_parameters(list, key);
    parameters.extend(paging_parameters(endpoint, key.ask));
    let path = path(list, None);
    match endpoint.paging {
        Paging::Ordered { .. } => encode(&path, &parameters, base_url, &endpoint.api.dialect),
        // At any other endpoint, a POST would write.
        _ => get(&path, &parameters),
    }
}

/// The request for one company, such as `FI/09704098`.
pub(super) fn of_company(list: &KnownList<'_>, company: &str) -> ApiRequest {
    ApiRequest::get(path(list, Some(company)))
}

/// Parameters that decide which rows a list has.
fn own_parameters(list: &KnownList<'_>, key: &RequestKey) -> Parameters {
    let mut parameters = list.list.parameters.clone();
    if let Some(chunk) = key.slice.strip_prefix('#') {
        let ids = chunk.parse::<usize>().ok().and_then(|chunk| list.list.id_chunks.get(chunk));
        let name = list.planned.stream.endpoint.api.dialect.ids;
        parameters.push((name.to_owned(), ids.cloned().unwrap_or_default()));
    } else if let Paging::Ordered { slice_by, .. } = list.planned.stream.endpoint.paging
        && !key.slice.is_empty()
    {
        parameters.push((slice_by.to_owned(), one(&key.slice)));
    }
    let Endpoint { window, cursor, .. } = list.planned.stream.endpoint;
    let parameter = match (window, cursor) {
        (Some(window), _) => window.parameter.map(str::to_owned),
        (None, Some(Cursor { field, operator })) => Some(format!("{field}__{operator}")),
        (None, None) => None,
    };
    let from = if key.ask == Ask::CountToCome { Some(TO_COME_US) } else { list.named.window_from_us };
    if let (Some(parameter), Some(from)) = (parameter, from) {
        // Without a zone, as in the document's "Filtering examples".
        parameters.push((parameter, one(utc_text(from).trim_end_matches('Z'))));
    }
    parameters
}

/// Parameters that decide which of these rows the answer holds.
fn paging_parameters(endpoint: &Endpoint, ask: Ask) -> Parameters {
    let Dialect { limit: limit_name, offset: offset_name, page: page_name, page_size, count, .. } =
        endpoint.api.dialect;
    let paging = endpoint.paging;
    let pair = |name: &str, value: &str| (name.to_owned(), one(value));
    match (ask, paging) {
        (Ask::CountBefore | Ask::CountAfter | Ask::CountAgain | Ask::CountToCome, _) => {
            vec![pair(count, "true")]
        }
        (Ask::Page { offset, limit, with_count, .. }, paging) => {
            let mut parameters = Vec::new();
            if let Paging::Ordered { order: (order, by), .. } = paging {
                parameters.push(pair(order, by));
            }
            parameters.push(pair(limit_name, &limit.to_string()));
            parameters.push(pair(offset_name, &offset.to_string()));
            let value = match (paging, with_count) {
                // A target group's content includes the count by default (API's document, `getTargetGroupById`); a
                // filter's answer does not.
                (Paging::Unordered, false) => Some("false"),
                (Paging::Unordered, true) | (_, false) => None,
                (_, true) => Some("include"),
            };
            parameters.extend(value.map(|value| pair(count, value)));
            parameters
        }
        (Ask::Numbered { page, size, .. }, Paging::Numbered { order: (order, by) }) => {
            vec![pair(order, by), pair(page_size, &size.to_string()), pair(page_name, &page.to_string())]
        }
        (Ask::Numbered { page, size, .. }, _) => {
            vec![pair(page_size, &size.to_string()), pair(page_name, &page.to_string())]
        }
        (Ask::Whole { .. }, _) => Vec::new(),
    }
}

/// The endpoint's path for the parent that a request is about: that of the list, or of one answer. Its key is
/// percent-encoded, so that no id leads to another path.
fn path(list: &KnownList<'_>, asked: Option<&str>) -> String {
    let Stream { endpoint, lists, .. } = list.planned.stream;
    let key = asked.or(list.named.parent.as_deref());
    let values = lists.parent().zip(key).and_then(|(parent, key)| Some((parent, parent.values(key)?)));
    let Some((parent, values)) = values else { return endpoint.path.to_owned() };
    let id: String = values.into_iter().map(|(_, value)| value).collect();
    endpoint.path.replace(&format!("{{{}}}", parent.parameter), &ApiRequest::path_segment(&id))
}

fn one(value: &str) -> Vec<String> {
    vec![value.to_owned()]
}

fn get(path: &str, parameters: &[(String, Vec<String>)]) -> ApiRequest {
    let request = ApiRequest::get(path);
    parameters.iter().fold(request, |request, (key, values)| request.query(key, values.join(",")))
}

/// A GET. A POST with the same parameters when the URL would be too long, or when an element of a comma-separated list
/// holds a comma, for which there is no escape.
fn encode(path: &str, parameters: &[(String, Vec<String>)], base_url: &Url, dialect: &Dialect) -> ApiRequest {
    let is_list = |key: &str| is_list(key, dialect);
    let comma = parameters.iter().any(|(key, values)| is_list(key) && values.iter().any(|v| v.contains(',')));
    let get = get(path, parameters);
    let fits = get.url_length(base_url).is_ok_and(|length| length <= LONGEST_URL);
    if !comma && fits {
        return get;
    }
    let body = parameters.iter().map(|(key, values)| (key.clone(), json_value(key, values, dialect)));
    ApiRequest::post_json(path, serde_json::Value::Object(body.collect()))
}

/// Whether the API splits the parameter's value at its commas.
fn is_list(key: &str, dialect: &Dialect) -> bool {
    key.ends_with("__in") || key == dialect.ids
}

fn json_value(key: &str, values: &[String], dialect: &Dialect) -> serde_json::Value {
    match values {
        [single] if [dialect.limit, dialect.offset].contains(&key) => {
            single.parse::<u64>().map_or_else(|_| single.clone().into(), Into::into)
        }
        [single] if !is_list(key, dialect) => single.clone().into(),
        many => many.into(),
    }
}
