//! HTTP: the web app, the WebSocket's entrance, health, and metrics on a listener of their own.

mod files;
mod headers;
mod redirect;
mod serve;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use hyper::upgrade::OnUpgrade;

use crate::stop::Stop;
use crate::transport::Services;
use crate::transport::limits::Place;
use crate::transport::websocket::{self, Upgrade};
use files::Files;

pub(crate) use redirect::app as redirect_app;
pub(crate) use serve::{Site, serve};

/// The peer of a connection, put into each of its requests.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    address: IpAddr,
    place: Arc<Place>,
}

/// What the handlers need.
#[derive(Debug)]
struct Shared {
    services: Arc<Services>,
    files: Files,
    origins: Vec<String>,
    trusted_proxies: Vec<IpAddr>,
    stop: Stop,
}

/// Settings of the HTTP side.
#[derive(Debug, Clone)]
pub(crate) struct HttpConfig {
    pub(crate) web: Option<PathBuf>,
    pub(crate) origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Browsers are told to come by HTTPS only.
    pub(crate) sends_hsts: bool,
}

/// What browsers see.
pub(crate) fn app(config: HttpConfig, services: &Arc<Services>, stop: Stop) -> Router {
    let sends_hsts = config.sends_hsts;
    let shared = Arc::new(Shared {
        services: Arc::clone(services),
        files: Files::new(config.web),
        origins: config.origins,
        trusted_proxies: config.trusted_proxies,
        stop,
    });
    Router::new()
        .route("/ws", any(open_websocket))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readiness))
        .fallback(file)
        .with_state(shared)
        .layer(middleware::from_fn_with_state(
            sends_hsts,
            headers::add_security_headers,
        ))
}

/// What Prometheus sees.
pub(crate) fn metrics_app(services: &Arc<Services>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(services))
}

async fn open_websocket(State(shared): State<Arc<Shared>>, mut request: Request) -> Response {
    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let Some(peer) = request.extensions_mut().remove::<Peer>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut address = peer.address;
    let mut places = vec![peer.place];
    if shared.trusted_proxies.contains(&address.to_canonical()) {
        address = forwarded_for(request.headers()).unwrap_or(address);
        match shared.services.admission.admit_address(address) {
            Ok(place) => places.push(Arc::new(place)),
            Err(limit) => {
                shared.services.limit_hit(limit, address);
                return StatusCode::TOO_MANY_REQUESTS.into_response();
            }
        }
    }
    let upgrade = Upgrade {
        on_upgrade,
        address,
        places,
    };
    websocket::upgrade(
        request.headers(),
        upgrade,
        &shared.origins,
        &shared.services,
        shared.stop.clone(),
    )
}

/// The last address in X-Forwarded-For: that which the trusted proxy itself has seen.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

async fn readiness(State(shared): State<Arc<Shared>>) -> Response {
    match shared.services.storage.ready().await {
        Ok(true) => "ready\n".into_response(),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the storage does not answer\n",
        )
            .into_response(),
    }
}

async fn file(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    shared.files.answer(method, uri.path(), headers).await
}

async fn metrics(State(services): State<Arc<Services>>) -> Response {
    let in_flight = u64::try_from(services.budget.used()).unwrap_or(u64::MAX);
    let text = services
        .metrics
        .render(services.storage.totals(), in_flight);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxys_own_word_is_taken_not_the_clients() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded_for(&headers), None);
        headers.append(
            "x-forwarded-for",
            "203.0.113.9, 198.51.100.1".parse().unwrap(),
        );
        assert_eq!(forwarded_for(&headers), "198.51.100.1".parse().ok());
        headers.append("x-forwarded-for", "2001:db8::1".parse().unwrap());
        assert_eq!(forwarded_for(&headers), "2001:db8::1".parse().ok());
        headers.append("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(forwarded_for(&headers), None);
    }
}
