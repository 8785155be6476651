//! The plain listener beside HTTPS: it sends browsers there, and answers the certificate authority.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::tls::Challenges;

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// Where the two listeners are.
#[derive(Debug, Clone, Copy)]
struct Ports {
    own: u16,
    https: u16,
}

/// What browsers without TLS see.
pub(crate) fn app(own: SocketAddr, https: SocketAddr, challenges: Arc<Challenges>) -> Router {
    let ports = Ports {
        own: own.port(),
        https: https.port(),
    };
    Router::new()
        .route(
            "/.well-known/acme-challenge/{token}",
            get(challenge).with_state(challenges),
        )
        .fallback(redirect)
        .with_state(ports)
}

async fn challenge(
    State(challenges): State<Arc<Challenges>>,
    Path(token): Path<String>,
) -> Response {
    match challenges.answer(&token) {
        Some(answer) => answer.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn redirect(State(ports): State<Ports>, request: Request) -> Response {
    let host = request.headers().get(header::HOST);
    let path = request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    match host
        .and_then(|host| host.to_str().ok())
        .and_then(|host| authority(host, ports))
    {
        Some(authority) => {
            let location = format!("https://{authority}{path}");
            (
                StatusCode::PERMANENT_REDIRECT,
                [(header::LOCATION, location)],
            )
                .into_response()
        }
        None => (StatusCode::BAD_REQUEST, "this address is for HTTPS\n").into_response(),
    }
}

/// Host and port of HTTPS, for who asked for `host`.
fn authority(host: &str, ports: Ports) -> Option<String> {
    // The last colon is not one of an IPv6 address.
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte));
    if !is_plain {
        return None;
    }
    // Asked for port 80, but listening on another one: somebody in front maps the ports, and surely
    // both of them.
    let is_mapped = port.is_none() && ports.own != HTTP;
    Some(match ports.https {
        HTTPS => name.to_owned(),
        _ if is_mapped => name.to_owned(),
        port => format!("{name}:{port}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_that_of_https_unless_ports_are_mapped_in_front() {
        for (host, own, https, expected) in [
            ("chat.example.org", 80, 443, Some("chat.example.org")),
            ("chat.example.org:80", 80, 443, Some("chat.example.org")),
            ("chat.example.org", 80, 8443, Some("chat.example.org:8443")),
            ("chat.example.org", 8080, 8443, Some("chat.example.org")),
            ("127.0.0.1:8080", 8080, 8443, Some("127.0.0.1:8443")),
            ("[::1]:8080", 8080, 8443, Some("[::1]:8443")),
            ("[::1]", 80, 443, Some("[::1]")),
            ("", 80, 443, None),
            ("evil.example/@x", 80, 443, None),
            ("user@evil.example", 80, 443, None),
        ] {
            let ports = Ports { own, https };
            assert_eq!(authority(host, ports).as_deref(), expected, "{host}");
        }
    }
}
