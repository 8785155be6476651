//! The TLS handshake, in bounded time.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Services;
use crate::metrics::LimitHit;
use crate::stop::Stop;

/// Shakes hands. Nothing comes of a peer that fails or takes too long, or when the gateway stops.
pub(crate) async fn shake_hands(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    address: IpAddr,
    services: &Arc<Services>,
    stop: &mut Stop,
) -> Option<TlsStream<TcpStream>> {
    let accept = acceptor.accept(stream);
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(services.limits.handshake, accept) => accepted,
        () = stop.draining() => return None,
    };
    match accepted {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            services.limit_hit(LimitHit::Handshake, address);
            None
        }
    }
}
