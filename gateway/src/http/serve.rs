//! HTTP/1.1 on a listener, with its limits.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use super::Peer;
use crate::metrics::TransportKind;
use crate::stop::Stop;
use crate::transport::{Services, accept_each};

/// Longest header of a request.
const HEADER_MAX: usize = 16 * 1024;
/// Longest life of a connection that does not become a WebSocket: a peer that reads an answer
/// byte by byte does not live for ever.
const LIFETIME: Duration = Duration::from_secs(600);

/// Serves every connection to `listener`.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    trusted_proxies: Vec<IpAddr>,
    services: Arc<Services>,
    stop: Stop,
) {
    let accept = |stream, peer: SocketAddr| {
        let is_proxy = trusted_proxies.contains(&peer.ip().to_canonical());
        accepted(stream, peer.ip(), is_proxy, &app, &services, &stop);
    };
    accept_each(listener, stop.clone(), accept).await;
}

fn accepted(
    stream: TcpStream,
    address: IpAddr,
    is_proxy: bool,
    app: &Router,
    services: &Arc<Services>,
    stop: &Stop,
) {
    let place = match services.admission.admit((!is_proxy).then_some(address)) {
        Ok(place) => Arc::new(place),
        Err(limit) => return services.limit_hit(limit, address),
    };
    let open = services.metrics.opened(TransportKind::Http);
    let header = services.limits.header;
    let app = app.clone();
    let mut stop = stop.clone();
    tokio::spawn(async move {
        let peer = Peer { address, place };
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
        drop(open);
    });
}
