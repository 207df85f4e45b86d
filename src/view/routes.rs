//! What can be asked for, and how large it may be.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::gate::{Refused, admit};
use super::page;
use super::request::FrameRequest;
use super::table::Table;
use crate::dataset::picture::{Treatment, read_bytes};
use crate::error::Error;

/// Bytes of a frame request at most: an image of 256 x 256 values, four bytes each, and a hundred masks.
pub(super) const MOST_FRAME_REQUEST: usize = 320 << 10;

/// Bytes of a picture at most.
pub(super) const MOST_PICTURE: usize = 16 << 20;

/// Pixels of a picture at most.
const MOST_PICTURE_PIXELS: u64 = 40_000_000;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// A page must not be built into others, nor load or send anything elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What all connections share.
pub(super) struct Desk {
    table: Arc<Mutex<Table>>,
    port: u16,
    /// One picture at a time: they are the only messages that take memory to speak of.
    pictures: Semaphore,
}

impl Desk {
    /// For the server at `port`.
    pub(super) fn new(table: Table, port: u16) -> Self {
        Desk { table: Arc::new(Mutex::new(table)), port, pictures: Semaphore::new(1) }
    }
}

/// Answers one request.
pub(super) async fn answer(request: Request<Incoming>, desk: &Desk) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let answered = match admit(&parts, desk.port) {
        Ok(()) => route(&parts, body, desk).await,
        Err(refused) => Err(refused),
    };
    let mut response = answered.unwrap_or_else(|(status, reason)| {
        let mut response = reply("application/json", json!({ "error": reason }).to_string());
        *response.status_mut() = status;
        if status == StatusCode::METHOD_NOT_ALLOWED {
            let allowed = if parts.method == Method::POST { "GET, HEAD" } else { "POST" };
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        response
    });
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn reply(content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json_reply(value: &Value) -> Response<Full<Bytes>> {
    reply("application/json", value.to_string())
}

async fn route(parts: &Parts, body: Incoming, desk: &Desk) -> Result<Response<Full<Bytes>>, Refused> {
    let path = parts.uri.path();
    let reads = [Method::GET, Method::HEAD].contains(&parts.method);
    let only = |allowed: bool| {
        let refused = || (StatusCode::METHOD_NOT_ALLOWED, format!("{} is not for {path}", parts.method));
        if allowed { Ok(()) } else { Err(refused()) }
    };
    let absent = || (StatusCode::NOT_FOUND, format!("there is no {path}"));
    if let Some(file) = page::file(path) {
        only(reads)?;
        return Ok(reply(file.content_type, file.text));
    }
    match path {
        "/device" => {
            only(reads)?;
            on_table(desk, |table| Ok(json_reply(&table.describe()))).await
        }
        "/frame" => {
            only(parts.method == Method::POST)?;
            let body = collect(parts, body, "application/json", MOST_FRAME_REQUEST).await?;
            on_table(desk, move |table| {
                let frame = FrameRequest::parse(&body).and_then(|request| table.frame(&request));
                frame.map(|frame| reply("application/octet-stream", frame)).map_err(unfit)
            })
            .await
        }
        "/picture" => {
            only(parts.method == Method::POST)?;
            let _alone = desk.pictures.acquire().await;
            let body = collect(parts, body, "application/octet-stream", MOST_PICTURE).await?;
            let shape = on_table(desk, |table| Ok(table.image_shape())).await?;
            beside(move || {
                let fitted =
                    read_bytes(&body, "the picture", MOST_PICTURE_PIXELS, shape, Treatment::default());
                let fitted = fitted.map_err(unfit)?;
                let image: Vec<u8> = fitted.image.iter().copied().collect();
                Ok(json_reply(&json!({ "image": image, "fitted": fitted.describe() })))
            })
            .await
        }
        _ => {
            let numbers = |prefix: &str, count: usize| numbers(path, prefix, count);
            if let Some(numbers) = numbers("/image/", 1) {
                only(reads)?;
                on_table(desk, move |table| table.image(numbers[0]).ok_or_else(|| absent_item("image"))).await
            } else if let Some(numbers) = numbers("/mask/", 2) {
                only(reads)?;
                on_table(desk, move |table| {
                    table.mask(numbers[0], numbers[1]).ok_or_else(|| absent_item("mask"))
                })
                .await
            } else {
                return Err(absent());
            }
            .map(|value| json_reply(&value))
        }
    }
}

fn absent_item(what: &str) -> Refused {
    (StatusCode::NOT_FOUND, format!("there is no such {what}"))
}

/// What the library refuses: 4xx, for it is the message that is wrong.
fn unfit(error: Error) -> Refused {
    (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}

/// The `count` numbers behind `prefix`, with slashes between.
fn numbers(path: &str, prefix: &str, count: usize) -> Option<Vec<usize>> {
    let rest = path.strip_prefix(prefix)?;
    let digits = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Option<Vec<usize>> =
        rest.split('/').map(|text| text.parse().ok().filter(|_| digits(text))).collect();
    parts.filter(|parts| parts.len() == count)
}

/// Works on the table beside the connections, one at a time.
async fn on_table<R: Send + 'static>(
    desk: &Desk,
    work: impl FnOnce(&mut Table) -> Result<R, Refused> + Send + 'static,
) -> Result<R, Refused> {
    let table = Arc::clone(&desk.table);
    beside(move || work(&mut table.lock().unwrap_or_else(PoisonError::into_inner))).await
}

/// Works beside the connections.
async fn beside<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Refused> + Send + 'static,
) -> Result<R, Refused> {
    let failed = |_| (StatusCode::INTERNAL_SERVER_ERROR, "this was too much for d2nn".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

/// The body, if it is what it should be: of `content_type`, not larger than `most`, and there in time.
///
/// A length that is announced is checked before anything is read; what comes unannounced is counted as it comes.
async fn collect(parts: &Parts, body: Incoming, content_type: &str, most: usize) -> Result<Bytes, Refused> {
    let given = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.split(';').next().unwrap_or_default().trim() != content_type {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the body must be {content_type}")));
    }
    let too_large = || (StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than {most} bytes"));
    if let Some(length) = parts.headers.get(CONTENT_LENGTH) {
        let length = length.to_str().ok().and_then(|text| text.parse::<u64>().ok());
        if length.is_none_or(|length| length > most as u64) {
            return Err(too_large());
        }
    }
    match tokio::time::timeout(BODY_TIME, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the body broke off".into())),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body came too slowly".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_and_no_more() {
        assert_eq!(numbers("/mask/1/20", "/mask/", 2), Some(vec![1, 20]));
        for path in
            ["/mask/", "/mask/1", "/mask/1/", "/mask/1/2/3", "/mask/+1/2", "/mask/1/1234567890", "/mask/a/b"]
        {
            assert_eq!(numbers(path, "/mask/", 2), None, "{path}");
        }
    }
}
