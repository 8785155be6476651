//! HTTP/1.1 on a listener, plain or under TLS, with its limits.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::Peer;
use crate::metrics::TransportKind;
use crate::stop::Stop;
use crate::transport::{Services, accept_each, shake_hands};

/// Longest header of a request.
const HEADER_MAX: usize = 16 * 1024;
/// Longest life of a connection that does not become a WebSocket: a peer that reads an answer
/// byte by byte does not live for ever.
const LIFETIME: Duration = Duration::from_secs(600);

/// What a listener serves, and how.
pub(crate) struct Site {
    pub(crate) app: Router,
    /// For HTTPS.
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

/// Serves every connection to `listener`.
pub(crate) async fn serve(listener: TcpListener, site: Site, services: Arc<Services>, stop: Stop) {
    let accept = |stream, peer| accepted(stream, peer, &site, &services, &stop);
    accept_each(listener, stop.clone(), accept).await;
}

fn accepted(
    stream: TcpStream,
    peer: SocketAddr,
    site: &Site,
    services: &Arc<Services>,
    stop: &Stop,
) {
    let address = peer.ip();
    let is_proxy = site.trusted_proxies.contains(&address.to_canonical());
    let place = match services.admission.admit((!is_proxy).then_some(address)) {
        Ok(place) => Arc::new(place),
        Err(limit) => return services.limit_hit(limit, address),
    };
    let open = services.metrics.opened(TransportKind::Http);
    let services = Arc::clone(services);
    let app = site.app.clone();
    let tls = site.tls.clone();
    let mut stop = stop.clone();
    tokio::spawn(async move {
        let header = services.limits.header;
        let peer = Peer { address, place };
        match tls {
            None => speak(stream, app, peer, header, stop).await,
            Some(acceptor) => {
                let hands = shake_hands(&acceptor, stream, address, &services, &mut stop);
                if let Some(stream) = hands.await {
                    speak(stream, app, peer, header, stop).await;
                }
            }
        }
        drop(open);
    });
}

/// Answers requests until the connection ends, or becomes a WebSocket.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    app: Router,
    peer: Peer,
    header: Duration,
    mut stop: Stop,
) {
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(peer.clone());
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header)
        .max_buf_size(HEADER_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = core::pin::pin!(connection);
    // Errors are the peer's: it left, or it spoke no HTTP.
    tokio::select! {
        _ = tokio::time::timeout(LIFETIME, connection.as_mut()) => {}
        () = stop.draining() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                _ = connection => {}
                () = stop.ended() => {}
            }
        }
    }
}
