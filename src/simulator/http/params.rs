//! Parameters of a request, from its query and from the JSON body of a POST.

use serde_json::Value;

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) enum Param {
    One(String),
    /// A JSON array.
    Many(Vec<String>),
}

impl Param {
    /// The value as a list. A text is split at commas; a comma cannot be escaped.
    pub(in crate::simulator) fn list(&self) -> Vec<&str> {
        match self {
            Self::One(text) => text.split(',').map(str::trim).collect(),
            Self::Many(items) => items.iter().map(String::as_str).collect(),
        }
    }

    /// The value as one text. The elements of a list are joined with commas.
    pub(in crate::simulator) fn text(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(items) => items.join(","),
        }
    }
}

/// Decodes the `name=value` pairs of a query.
pub(in crate::simulator) fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The parameters of the query and of the body. If a name occurs several times, the last value counts, as in Django.
///
/// # Errors
/// The detail of a 400 answer, when the body is neither empty nor a JSON object of texts, numbers, literals and lists
/// of them.
pub(in crate::simulator) fn merged(
    query: &[(String, String)],
    body: &str,
) -> Result<Vec<(String, Param)>, String> {
    let mut params = Vec::new();
    for (name, value) in query {
        insert(&mut params, name, Param::One(value.clone()));
    }
    if body.trim().is_empty() {
        return Ok(params);
    }
    let object: Value = serde_json::from_str(body).map_err(|error| format!("JSON parse error - {error}"))?;
    let Value::Object(object) = object else { return Err("The body is not a JSON object".to_owned()) };
    for (name, value) in object {
        let param = match &value {
            Value::Array(items) => items.iter().map(scalar).collect::<Option<_>>().map(Param::Many),
            other => scalar(other).map(Param::One),
        };
        insert(&mut params, &name, param.ok_or_else(|| format!("Invalid value for {name}"))?);
    }
    Ok(params)
}

fn insert(params: &mut Vec<(String, Param)>, name: &str, param: Param) {
    params.retain(|(known, _)| known != name);
    params.push((name.to_owned(), param));
}

/// The text of this value in a query. `None` for lists and objects.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
