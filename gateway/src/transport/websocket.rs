//! WebSocket: the upgrade of an HTTP connection, after which its socket is served like any other.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Services;
use super::limits::Place;
use super::session::Session;
use super::stream::Stream;
use crate::connection::{Connection, Framing};
use crate::metrics::{LimitHit, TransportKind};
use crate::stop::Stop;

/// What a server adds to the client's key (RFC 6455, 1.3).
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A peer that asks for a WebSocket.
pub(crate) struct Upgrade {
    pub(crate) on_upgrade: Option<OnUpgrade>,
    /// The peer's address, or that which a trusted proxy gives.
    pub(crate) address: IpAddr,
    /// The connection's places among those that are counted.
    pub(crate) places: Vec<Arc<Place>>,
}

/// Answers the request for a WebSocket, and serves it if it may be.
pub(crate) fn upgrade(
    headers: &HeaderMap,
    upgrade: Upgrade,
    origins: &[String],
    services: &Arc<Services>,
    stop: Stop,
) -> Response {
    let Upgrade {
        on_upgrade,
        address,
        places,
    } = upgrade;
    if !is_allowed_origin(headers, origins) {
        services.limit_hit(LimitHit::Origin, address);
        return (StatusCode::FORBIDDEN, "this origin may not connect\n").into_response();
    }
    let (Some(accept), Some(on_upgrade)) = (accept_key(headers), on_upgrade) else {
        let mut response = (
            StatusCode::UPGRADE_REQUIRED,
            "this is a WebSocket endpoint (RFC 6455, version 13)\n",
        )
            .into_response();
        let version = HeaderValue::from_static("13");
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_VERSION, version);
        return response;
    };
    let services = Arc::clone(services);
    tokio::spawn(async move {
        let Ok(upgraded) = on_upgrade.await else {
            return;
        };
        let Some((stream, read)) = take_back(upgraded) else {
            return;
        };
        let open = services.metrics.opened(TransportKind::WebSocket);
        let mut core = Connection::new(Framing::WebSocket, &services.limits);
        core.receive(&read);
        Session::new(stream, core, address, services)
            .run(stop)
            .await;
        drop((open, places));
    });
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// The stream below HTTP, and what HTTP had read of it too much.
fn take_back(upgraded: Upgraded) -> Option<(Stream, Bytes)> {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Some((parts.io.into_inner().into(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>().ok()?;
            Some((parts.io.into_inner().into(), parts.read_buf))
        }
    }
}

/// The answer to the client's key, if the headers ask for a WebSocket.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name, token: &str| {
        headers.get_all(name).iter().any(|value: &HeaderValue| {
            value.to_str().is_ok_and(|value| {
                value
                    .split(',')
                    .any(|part| part.trim().eq_ignore_ascii_case(token))
            })
        })
    };
    let asks = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    let hash = Sha1::new()
        .chain_update(key.as_bytes())
        .chain_update(ACCEPT_SUFFIX)
        .finalize();
    let accept = HeaderValue::from_str(&Base64::encode_string(&hash)).ok()?;
    asks.then_some(accept)
}

/// A page of another site must not speak in the name of this gateway's user. Browsers say whose
/// page it is; native clients say nothing.
fn is_allowed_origin(headers: &HeaderMap, origins: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if origins
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(origin))
    {
        return true;
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let own = ["http://", "https://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    matches!((own, host), (Some(own), Some(host)) if own.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn the_key_is_answered_as_in_the_rfcs_example() {
        let asks = headers(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]);
        assert_eq!(accept_key(&asks).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for missing in [
            "connection",
            "upgrade",
            "sec-websocket-version",
            "sec-websocket-key",
        ] {
            let mut less = asks.clone();
            less.remove(missing);
            assert!(accept_key(&less).is_none(), "{missing}");
        }
    }

    #[test]
    fn only_the_own_origin_and_configured_ones_may_connect() {
        let allowed = ["https://chat.example.org".to_owned()];
        for (origin, may) in [
            (None, true),
            (Some("http://127.0.0.1:8080"), true),
            (Some("https://127.0.0.1:8080"), true),
            (Some("https://chat.example.org"), true),
            (Some("https://evil.example"), false),
            (Some("http://127.0.0.1:8081"), false),
            (Some("http://127.0.0.1:8080.evil.example"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            let mut map = headers(&[("host", "127.0.0.1:8080")]);
            if let Some(origin) = origin {
                map.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
            }
            assert_eq!(is_allowed_origin(&map, &allowed), may, "{origin:?}");
        }
    }
}
