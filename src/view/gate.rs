//! Who may ask: browsers of this machine that show our own page, and programs that say where they call.
//!
//! A loopback address alone protects nobody: any page of the web can send requests there. What keeps it out is that its
//! browser names it as Origin, and that a name of its own that it lets resolve to 127.0.0.1 stays in the Host.

use hyper::StatusCode;
use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::http::request::Parts;

/// Why a request is turned away.
pub(super) type Refused = (StatusCode, String);

/// Lets pass what was sent to us at `port`, by ourselves.
pub(super) fn admit(parts: &Parts, port: u16) -> Result<(), Refused> {
    let misdirected =
        |host: &str| Err((StatusCode::MISDIRECTED_REQUEST, format!("this is 127.0.0.1:{port}, not {host}")));
    let host = match single(&parts.headers, &HOST)? {
        Some(host) => host,
        None => return Err((StatusCode::BAD_REQUEST, "one Host header is needed".into())),
    };
    if !is_ours(host, port) {
        return misdirected(host);
    }
    if let Some(authority) = parts.uri.authority()
        && !is_ours(authority.as_str(), port)
    {
        return misdirected(authority.as_str());
    }
    if let Some(origin) = single(&parts.headers, &ORIGIN)?
        && !origin.strip_prefix("http://").is_some_and(|host| is_ours(host, port))
    {
        return Err((StatusCode::FORBIDDEN, format!("pages of {origin} may not use this server")));
    }
    // A link on a foreign page may open ours, but nothing of ours may be built into a foreign page.
    let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if parts.uri.path() != "/" && site.is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return Err((StatusCode::FORBIDDEN, "this request comes from a foreign page".into()));
    }
    Ok(())
}

/// The one value of a header, if there is one.
fn single<'a>(headers: &'a HeaderMap, name: &hyper::header::HeaderName) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    let wrong = || Err((StatusCode::BAD_REQUEST, format!("more than one {name}, or one that is no text")));
    if values.next().is_some() {
        return wrong();
    }
    match first.map(|value| value.to_str()) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => wrong(),
    }
}

/// Whether `host` is this machine by its own names, at `port`.
fn is_ours(host: &str, port: u16) -> bool {
    let (name, at) = host.rsplit_once(':').unwrap_or((host, "80"));
    (name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost")) && at == port.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn verdict(uri: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match admit(&request.body(()).unwrap().into_parts().0, 8123) {
            Ok(()) => 200,
            Err((status, _)) => status.as_u16(),
        }
    }

    #[test]
    fn only_our_own_names_pass() {
        for (host, expected) in [
            ("127.0.0.1:8123", 200),
            ("localhost:8123", 200),
            ("LOCALHOST:8123", 200),
            ("127.0.0.1:8124", 421),
            ("127.0.0.1:08123", 421),
            ("127.0.0.1", 421),
            ("evil.example:8123", 421),
            ("127.0.0.1.evil.example:8123", 421),
            ("[::1]:8123", 421),
            ("0.0.0.0:8123", 421),
            ("", 421),
        ] {
            assert_eq!(verdict("/", &[("host", host)]), expected, "{host}");
        }
        assert_eq!(verdict("/", &[]), 400);
        assert_eq!(verdict("/", &[("host", "127.0.0.1:8123"), ("host", "evil.example")]), 400);
        assert_eq!(verdict("http://evil.example/", &[("host", "127.0.0.1:8123")]), 421);
        assert_eq!(verdict("http://localhost:8123/", &[("host", "127.0.0.1:8123")]), 200);
    }

    #[test]
    fn foreign_pages_are_kept_out() {
        let host = ("host", "127.0.0.1:8123");
        for (origin, expected) in [
            ("http://127.0.0.1:8123", 200),
            ("http://localhost:8123", 200),
            ("https://127.0.0.1:8123", 403),
            ("http://evil.example", 403),
            ("http://127.0.0.1:8123.evil.example", 403),
            ("http://127.0.0.1:9000", 403),
            ("null", 403),
            ("", 403),
        ] {
            assert_eq!(verdict("/frame", &[host, ("origin", origin)]), expected, "{origin}");
        }
        for (path, site, expected) in [
            ("/device", "cross-site", 403),
            ("/device", "same-site", 403),
            ("/device", "same-origin", 200),
            ("/device", "none", 200),
            ("/", "cross-site", 200),
        ] {
            assert_eq!(verdict(path, &[host, ("sec-fetch-site", site)]), expected, "{path} {site}");
        }
    }
}
