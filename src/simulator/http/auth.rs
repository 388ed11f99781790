//! Authentication: the header `API-Key`, or Basic with the login of the web interface (API document, section
//! "Authentication").

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::simulator::Config;
use crate::simulator::http::answer::Answer;

/// True if the request's credentials are the configured ones. If there is an `API-Key`, other credentials do not count.
pub(in crate::simulator) fn is_right(config: &Config, headers: &HeaderMap) -> bool {
    if let Some(key) = headers.get("api-key") {
        return key.as_bytes() == config.api_key.as_bytes();
    }
    let Some(header) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return false };
    let Some((scheme, encoded)) = header.split_once(' ') else { return false };
    let login = format!("{}:{}", config.username, config.password);
    scheme.eq_ignore_ascii_case("basic") && decode_base64(encoded.trim()).as_deref() == Some(login.as_bytes())
}

/// The part of a request that a debug page quotes: the headers with credentials.
pub(in crate::simulator) fn echo(headers: &HeaderMap) -> String {
    let named = |name: &str| Some(format!(" {name}: {}", headers.get(name)?.to_str().ok()?));
    ["api-key", "authorization"].into_iter().filter_map(named).collect()
}

/// The answer that refuses a request: 401 for wrong credentials, 403 if the API is not enabled. `None` if it is
/// allowed.
pub(in crate::simulator) fn refusal(config: &Config, is_right: bool) -> Option<Answer> {
    if !is_right {
        let answer =
            Answer::detail(401, "Username and password doesn't match. Check your password or username.");
        return Some(answer.with_header("www-authenticate", "Basic realm=\"api\"".to_owned()));
    }
    let detail = "API is not enabled for your account. Contact Vainu Support for more information.";
    (!config.api_enabled).then(|| Answer::detail(403, detail))
}

/// Decodes base64 (standard alphabet, padding optional). `None` if the text is not base64.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use crate::simulator::http::auth::decode_base64;

    #[test]
    fn decodes_the_documents_example() {
        assert_eq!(decode_base64("QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap(), b"Aladdin:open sesame");
        assert_eq!(decode_base64("").unwrap(), b"");
        assert_eq!(decode_base64("YQ").unwrap(), b"a");
        assert_eq!(decode_base64("not base64!"), None);
    }
}
