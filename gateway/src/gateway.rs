//! A running gateway.

use core::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::audit::{Audit, Event};
use crate::config::Config;
use crate::http::{self, HttpConfig};
use crate::metrics::Metrics;
use crate::stop::Stopper;
use crate::storage::Storage;
use crate::storage::sqlite::{OpenError, SqliteStorage};
use crate::transport::{Services, tcp};

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The storage.
    #[error(transparent)]
    Storage(#[from] OpenError),
    /// An address.
    #[error("cannot listen on {address} for {purpose}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What it was for.
        purpose: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Where a gateway listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For browsers.
    pub http: SocketAddr,
    /// For native and classic clients.
    pub tcp: SocketAddr,
    /// For Prometheus.
    pub metrics: Option<SocketAddr>,
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http={} tcp={}", self.http, self.tcp)?;
        self.metrics
            .map_or(Ok(()), |metrics| write!(f, " metrics={metrics}"))
    }
}

/// A running gateway, in the tokio runtime that started it.
#[derive(Debug)]
pub struct Gateway {
    addresses: Addresses,
    services: Arc<Services>,
    stopper: Stopper,
}

impl Gateway {
    /// Opens the storage and the listeners, and serves.
    ///
    /// # Errors
    /// Any [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::default());
        let options = (&config.limits).into();
        let storage = SqliteStorage::open(&config.data, options, Arc::clone(&metrics.commits))?;
        let audit = Audit::open(&config.data).map_err(|source| StartError::File {
            path: config.data.join(crate::audit::FILE),
            source,
        })?;

        let (http_listener, http) = listen(config.http, "HTTP").await?;
        let (tcp_listener, tcp) = listen(config.tcp, "TCP").await?;
        let metrics_listener = match config.metrics {
            Some(address) => Some(listen(address, "metrics").await?),
            None => None,
        };
        let addresses = Addresses {
            http,
            tcp,
            metrics: metrics_listener.as_ref().map(|(_, address)| *address),
        };
        if let Some(path) = &config.port_file {
            write_port_file(path, &addresses).map_err(|source| StartError::File {
                path: path.clone(),
                source,
            })?;
        }

        let storage: Arc<dyn Storage> = Arc::new(storage);
        let services = Arc::new(Services::new(config.limits, storage, metrics, audit));
        let stopper = Stopper::new();
        let http_config = HttpConfig {
            web: config.web,
            origins: config.origins,
            trusted_proxies: config.trusted_proxies.clone(),
        };
        let app = http::app(http_config, &services, stopper.watcher());
        tokio::spawn(http::serve(
            http_listener,
            app,
            config.trusted_proxies,
            Arc::clone(&services),
            stopper.watcher(),
        ));
        tokio::spawn(tcp::serve(
            tcp_listener,
            Arc::clone(&services),
            stopper.watcher(),
        ));
        if let Some((listener, _)) = metrics_listener {
            let app = http::metrics_app(&services);
            let services = Arc::clone(&services);
            tokio::spawn(http::serve(
                listener,
                app,
                Vec::new(),
                services,
                stopper.watcher(),
            ));
        }
        services.audit.record(Event::Started, None);
        Ok(Self {
            addresses,
            services,
            stopper,
        })
    }

    /// Where it listens.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Accepts nothing more, answers what was accepted, writes everything, and ends. Connections
    /// that take longer than the drain limit are cut. Whether none had to be.
    pub async fn stop(self) -> bool {
        let finished = self.stopper.stop(self.services.limits.drain).await;
        if self.services.storage.close().await.is_err() {
            tracing::error!("the storage was gone before it was closed");
        }
        self.services.audit.record(Event::Stopped, None);
        finished
    }
}

async fn listen(
    address: SocketAddr,
    purpose: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| StartError::Listen {
        address,
        purpose,
        source,
    })
}

/// Writes the addresses such that whoever waits for the file never sees half of it.
fn write_port_file(path: &Path, addresses: &Addresses) -> io::Result<()> {
    let mut text = addresses.to_string().replace(' ', "\n");
    text.push('\n');
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    std::fs::write(&unfinished, text)?;
    std::fs::rename(&unfinished, path)
}
