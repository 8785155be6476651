//! A running gateway.

use core::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;

#[cfg(unix)]
use crate::admin;
use crate::audit::{Audit, Event};
use crate::config::{Config, TlsConfigError};
use crate::http::{self, HttpConfig, Site};
use crate::metrics::Metrics;
use crate::stop::Stopper;
use crate::storage::Storage;
use crate::storage::sqlite::{OpenError, SqliteStorage};
use crate::tls::{Fingerprint, Tls, TlsError};
use crate::transport::accounts::{Accounts, Operator};
use crate::transport::{Services, tcp};

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The storage.
    #[error(transparent)]
    Storage(#[from] OpenError),
    /// The secrets that accounts were registered with.
    #[error("the database's secrets for passwords (OPAQUE) cannot be read")]
    OpaqueSetup,
    /// Settings about TLS that contradict each other, or public plain text.
    #[error(transparent)]
    TlsConfig(#[from] TlsConfigError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// TLS itself.
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
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
    /// For native and classic clients under TLS.
    pub tls_tcp: Option<SocketAddr>,
    /// For browsers that come without TLS.
    pub redirect: Option<SocketAddr>,
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http={} tcp={}", self.http, self.tcp)?;
        for (key, address) in [
            ("metrics", self.metrics),
            ("tls_tcp", self.tls_tcp),
            ("redirect", self.redirect),
        ] {
            if let Some(address) = address {
                write!(f, " {key}={address}")?;
            }
        }
        Ok(())
    }
}

/// A running gateway, in the tokio runtime that started it.
#[derive(Debug)]
pub struct Gateway {
    addresses: Addresses,
    fingerprint: Option<Fingerprint>,
    services: Arc<Services>,
    stopper: Stopper,
}

impl Gateway {
    /// Opens the storage and the listeners, and serves.
    ///
    /// # Errors
    /// Any [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check_listeners()?;
        let metrics = Arc::new(Metrics::default());
        let options = (&config.limits).into();
        let storage = SqliteStorage::open(&config.data, options, Arc::clone(&metrics.commits))?;
        let audit = Audit::open(&config.data).map_err(|source| StartError::File {
            path: config.data.join(crate::audit::FILE),
            source,
        })?;
        let tls = match &config.tls {
            Some(source) => Some(Tls::open(&config, source)?),
            None => None,
        };

        let (http_listener, http) = listen(config.http, "HTTP").await?;
        let (tcp_listener, tcp) = listen(config.tcp, "TCP").await?;
        let metrics_listener = listen_if(config.metrics, "metrics").await?;
        let tls_tcp_listener = listen_if(config.tls_tcp, "TCP under TLS").await?;
        let redirect_listener = listen_if(config.http_redirect, "redirects to HTTPS").await?;
        let address = |listener: &Option<(TcpListener, SocketAddr)>| listener.as_ref().map(|l| l.1);
        let addresses = Addresses {
            http,
            tcp,
            metrics: address(&metrics_listener),
            tls_tcp: address(&tls_tcp_listener),
            redirect: address(&redirect_listener),
        };
        if let Some(path) = &config.port_file {
            write_port_file(path, &addresses).map_err(|source| StartError::File {
                path: path.clone(),
                source,
            })?;
        }

        let storage = Arc::new(storage);
        let accounts = Accounts::new(&storage, config.accounts, &metrics);
        let accounts = accounts.ok_or(StartError::OpaqueSetup)?;
        let storage: Arc<dyn Storage> = storage;
        let address = config.public_address();
        let services = Arc::new(Services::new(
            config.limits,
            storage,
            accounts,
            metrics,
            audit,
        ));
        let stopper = Stopper::new();
        let http_config = HttpConfig {
            web: config.web,
            origins: config.origins,
            trusted_proxies: config.trusted_proxies.clone(),
            sends_hsts: tls.as_ref().is_some_and(Tls::sends_hsts),
        };
        let site = Site {
            app: http::app(http_config, &services, stopper.watcher()),
            tls: tls.as_ref().map(Tls::https).transpose()?,
            trusted_proxies: config.trusted_proxies,
        };
        let serve_http = |listener, site| {
            let services = Arc::clone(&services);
            tokio::spawn(http::serve(listener, site, services, stopper.watcher()));
        };
        let plain = |app| Site {
            app,
            tls: None,
            trusted_proxies: Vec::new(),
        };
        let serve_tcp = |listener, tls| {
            let services = Arc::clone(&services);
            tokio::spawn(tcp::serve(listener, tls, services, stopper.watcher()));
        };
        serve_http(http_listener, site);
        serve_tcp(tcp_listener, None);
        if let Some((listener, _)) = metrics_listener {
            serve_http(listener, plain(http::metrics_app(&services)));
        }
        let fingerprint = tls.as_ref().and_then(Tls::fingerprint);
        if let Some(tls) = tls {
            if let Some((listener, _)) = tls_tcp_listener {
                serve_tcp(listener, Some(tls.tcp()?));
            }
            if let Some((listener, own)) = redirect_listener {
                let app = http::redirect_app(own, http, tls.challenges());
                serve_http(listener, plain(app));
            }
            tokio::spawn(tls.keep_fresh(stopper.watcher()));
        }
        #[cfg(unix)]
        admin::serve(
            &config.data,
            Operator::new(Arc::clone(&services)),
            address,
            stopper.watcher(),
        );
        services.audit.record(Event::Started, None);
        Ok(Self {
            addresses,
            fingerprint,
            services,
            stopper,
        })
    }

    /// Where it listens.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The fingerprint of a self-signed certificate, to be told to users.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
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

async fn listen_if(
    address: Option<SocketAddr>,
    purpose: &'static str,
) -> Result<Option<(TcpListener, SocketAddr)>, StartError> {
    match address {
        Some(address) => listen(address, purpose).await.map(Some),
        None => Ok(None),
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
