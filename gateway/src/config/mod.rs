//! Settings: flag before environment before file before default.

mod accounts;
mod limits;
pub mod port_info;
mod tls;
mod value;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use serde::Deserialize;

pub use accounts::{AccountSettings, Directory, GivenAccounts, Registration};
pub use limits::{FRAME_OVERHEAD, GivenLimits, Limits};
pub use tls::{ACME_DIRECTORY, Acme, GivenTls, TlsConfigError, TlsSource};
pub use value::{ByteSize, Span, ValueError};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings as they were given by flag, environment or file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Address and port for browsers: web app, WebSocket and health [default: 127.0.0.1:8080]
    ///
    /// HTTPS if a certificate is given (--tls-…), otherwise plain HTTP.
    /// Port 0 takes any free one; see --port-file.
    #[arg(long, env = "SOTTO_HTTP", value_name = "ADDR:PORT")]
    pub http: Option<SocketAddr>,

    /// Address and port for native and classic clients [default: 127.0.0.1 and the port in
    /// ./myport.info, or 1357]
    #[arg(long, env = "SOTTO_TCP", value_name = "ADDR:PORT")]
    pub tcp: Option<SocketAddr>,

    /// Address and port for native and classic clients under TLS; off unless given
    #[arg(long, env = "SOTTO_TLS_TCP", value_name = "ADDR:PORT")]
    pub tls_tcp: Option<SocketAddr>,

    /// Address and port for browsers that come without TLS and are sent to where it is; off unless
    /// given
    #[arg(long, env = "SOTTO_HTTP_REDIRECT", value_name = "ADDR:PORT")]
    pub http_redirect: Option<SocketAddr>,

    /// Allow plain text on addresses that other machines can reach
    #[arg(
        long,
        env = "SOTTO_INSECURE_PUBLIC",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new(),
        value_name = "BOOL"
    )]
    pub insecure_public: Option<bool>,

    /// Address and port for Prometheus (/metrics); off unless given
    #[arg(long, env = "SOTTO_METRICS", value_name = "ADDR:PORT")]
    pub metrics: Option<SocketAddr>,

    /// Folder of the database and the audit log; made when missing [default: ./data]
    #[arg(long, env = "SOTTO_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Serve the web app from this folder instead of the built-in one
    #[arg(long, env = "SOTTO_WEB", value_name = "DIR")]
    pub web: Option<PathBuf>,

    /// Further origins that may open the WebSocket, such as https://chat.example.org (the
    /// gateway's own is always allowed)
    #[arg(
        long = "origin",
        env = "SOTTO_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    #[serde(rename = "origins")]
    pub origins: Option<Vec<String>>,

    /// Addresses of reverse proxies whose X-Forwarded-For is believed
    #[arg(
        long = "trusted-proxy",
        env = "SOTTO_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "ADDR"
    )]
    #[serde(rename = "trusted_proxies")]
    pub trusted_proxies: Option<Vec<IpAddr>>,

    /// Write the bound addresses to this file once ready, as lines `http=`, `tcp=` and so on
    #[arg(long, env = "SOTTO_PORT_FILE", value_name = "FILE")]
    pub port_file: Option<PathBuf>,

    /// What is logged, as in `info` or `sotto_gateway=debug` [default: info]
    #[arg(long, env = "SOTTO_LOG", value_name = "FILTER")]
    pub log: Option<String>,

    /// How log lines look [default: text]
    #[arg(long, env = "SOTTO_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// In the file: the table `[tls]`.
    #[command(flatten)]
    #[serde(default)]
    pub tls: GivenTls,

    /// In the file: the table `[accounts]`.
    #[command(flatten)]
    #[serde(default)]
    pub accounts: GivenAccounts,

    /// In the file: the table `[limits]`.
    #[command(flatten)]
    #[serde(default)]
    pub limits: GivenLimits,
}

impl Given {
    fn or(self, other: Self) -> Self {
        Self {
            http: self.http.or(other.http),
            tcp: self.tcp.or(other.tcp),
            tls_tcp: self.tls_tcp.or(other.tls_tcp),
            http_redirect: self.http_redirect.or(other.http_redirect),
            insecure_public: self.insecure_public.or(other.insecure_public),
            metrics: self.metrics.or(other.metrics),
            data: self.data.or(other.data),
            web: self.web.or(other.web),
            origins: self.origins.or(other.origins),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            port_file: self.port_file.or(other.port_file),
            log: self.log.or(other.log),
            log_format: self.log_format.or(other.log_format),
            tls: self.tls.or(other.tls),
            accounts: self.accounts.or(other.accounts),
            limits: self.limits.or(other.limits),
        }
    }
}

/// Every setting, settled.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where browsers connect.
    pub http: SocketAddr,
    /// Where native and classic clients connect.
    pub tcp: SocketAddr,
    /// Where native and classic clients connect under TLS, if at all.
    pub tls_tcp: Option<SocketAddr>,
    /// Where browsers are sent from to HTTPS, if at all.
    pub http_redirect: Option<SocketAddr>,
    /// Where the certificate comes from; without, `http` is plain.
    pub tls: Option<TlsSource>,
    /// Plain text is allowed on public addresses.
    pub insecure_public: bool,
    /// Where Prometheus asks, if at all.
    pub metrics: Option<SocketAddr>,
    /// Folder of database and audit log.
    pub data: PathBuf,
    /// Folder of the web app, if not the built-in one.
    pub web: Option<PathBuf>,
    /// Origins that may open the WebSocket beside the gateway's own.
    pub origins: Vec<String>,
    /// Reverse proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where to write the bound addresses.
    pub port_file: Option<PathBuf>,
    /// Log filter.
    pub log: String,
    /// Log format.
    pub log_format: LogFormat,
    /// Who may sign up, and who is found.
    pub accounts: AccountSettings,
    /// Limits.
    pub limits: Limits,
    /// What to tell the operator once logging is up.
    pub warnings: Vec<String>,
}

/// Why there are no settings to start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds an unknown key or a bad value.
    #[error("{path}:{line}:{column}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// Line at fault, from 1.
        line: usize,
        /// Column at fault, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Settings about TLS that contradict each other, or public plain text.
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
}

impl Config {
    /// Settles what was given by flag and environment, the file, and the defaults. `folder` is
    /// where `myport.info` is looked for.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be used.
    pub fn settle(given: Given, file: Option<&Path>, folder: &Path) -> Result<Self, ConfigError> {
        let given = match file {
            Some(path) => given.or(read_file(path)?),
            None => given,
        };
        let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut warnings = Vec::new();
        let tcp = given.tcp.unwrap_or_else(|| {
            let info = port_info::read(folder);
            warnings.extend(info.warning);
            SocketAddr::new(localhost, info.port)
        });
        let config = Self {
            http: given.http.unwrap_or(SocketAddr::new(localhost, 8080)),
            tcp,
            tls_tcp: given.tls_tcp,
            http_redirect: given.http_redirect,
            tls: given.tls.settle()?,
            insecure_public: given.insecure_public.unwrap_or_default(),
            metrics: given.metrics,
            data: given.data.unwrap_or_else(default_data),
            web: given.web,
            origins: given.origins.unwrap_or_default(),
            trusted_proxies: given.trusted_proxies.unwrap_or_default(),
            port_file: given.port_file,
            log: given.log.unwrap_or_else(|| "info".to_owned()),
            log_format: given.log_format.unwrap_or_default(),
            accounts: given.accounts.settle(),
            limits: given.limits.into(),
            warnings,
        };
        config.check_listeners()?;
        Ok(config)
    }

    /// Settings of a gateway that is not to be run here: those in the file, and the data folder.
    /// What is needed to listen is not checked.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be used.
    pub fn of_data(data: Option<PathBuf>, file: Option<&Path>) -> Result<Self, ConfigError> {
        let given = match file {
            Some(path) => read_file(path)?,
            None => Given::default(),
        };
        let mut config = Self::on_free_ports(Path::new(""));
        config.data = data.or(given.data).unwrap_or_else(default_data);
        config.http = given.http.unwrap_or(config.http);
        config.tls = given.tls.settle()?;
        config.origins = given.origins.unwrap_or_default();
        config.limits = given.limits.into();
        Ok(config)
    }

    /// Where users reach the web app, as far as the settings tell: the name in the certificate,
    /// or else a configured origin.
    pub fn public_address(&self) -> Option<String> {
        let name = match &self.tls {
            Some(TlsSource::Acme(acme)) => acme.domains.first(),
            Some(TlsSource::SelfSigned { names }) => names.first(),
            Some(TlsSource::Files { .. }) | None => None,
        };
        match (name, self.http.port()) {
            (Some(name), 443) => Some(format!("https://{name}")),
            (Some(name), port @ 1..) => Some(format!("https://{name}:{port}")),
            _ => self.origins.first().cloned(),
        }
    }

    /// Settings for tests and tools: everything on free ports of the loopback.
    pub fn on_free_ports(data: &Path) -> Self {
        let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Self {
            http: any,
            tcp: any,
            tls_tcp: None,
            http_redirect: None,
            tls: None,
            insecure_public: false,
            metrics: None,
            data: data.to_owned(),
            web: None,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            port_file: None,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            accounts: AccountSettings::default(),
            limits: Limits::new(),
            warnings: Vec::new(),
        }
    }
}

fn default_data() -> PathBuf {
    PathBuf::from("./data")
}

fn read_file(path: &Path) -> Result<Given, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or_default();
        ConfigError::File {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            message: error.message().to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use sotto_shared::sotto::types::{DirectoryPolicy, RegistrationPolicy};

    fn settle(given: Given, text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sotto.toml");
        std::fs::write(&file, text).unwrap();
        Config::settle(given, Some(&file), folder.path())
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::settle(Given::default(), None, folder.path()).unwrap();
        assert_eq!(config.http.to_string(), "127.0.0.1:8080");
        assert_eq!(config.tcp.to_string(), "127.0.0.1:1357");
        assert_eq!(config.data, PathBuf::from("./data"));
        assert_eq!(config.limits.content_max, 64 << 20);
        assert_eq!(config.limits.pull_answer_max, (64 << 20) + FRAME_OVERHEAD);
        assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    }

    #[test]
    fn a_flag_comes_before_the_file() {
        let given = Given {
            http: Some("127.0.0.1:1".parse().unwrap()),
            ..Given::default()
        };
        let config = settle(
            given,
            "http = \"127.0.0.1:2\"\ntcp = \"127.0.0.1:3\"\n[limits]\ncontent_max = \"1MiB\"\nidle = \"2h\"\n",
        )
        .unwrap();
        assert_eq!(config.http.port(), 1);
        assert_eq!(config.tcp.port(), 3);
        assert_eq!(config.limits.content_max, 1 << 20);
        assert_eq!(config.limits.idle, Duration::from_secs(7200));
        assert!(
            config.warnings.is_empty(),
            "a given TCP address needs no myport.info"
        );
    }

    #[test]
    fn everybody_signs_up_and_is_listed_unless_told_otherwise() {
        let config = settle(Given::default(), "tcp = \"127.0.0.1:3\"\n").unwrap();
        assert_eq!(config.accounts.registration, RegistrationPolicy::Open);
        assert_eq!(config.accounts.directory, DirectoryPolicy::Listed);
        let text = "[accounts]\nregistration = \"invitation\"\ndirectory = \"exact\"\n";
        let config = settle(Given::default(), text).unwrap();
        assert_eq!(config.accounts.registration, RegistrationPolicy::Invitation);
        assert_eq!(config.accounts.directory, DirectoryPolicy::Exact);
        let mut given = Given::default();
        given.accounts.registration = Some(Registration::Closed);
        let config = settle(given, text).unwrap();
        assert_eq!(config.accounts.registration, RegistrationPolicy::Closed);
    }

    #[test]
    fn users_are_led_to_the_certificates_name_or_else_an_origin() {
        let mut config =
            settle(Given::default(), "origins = [\"https://chat.example\"]\n").unwrap();
        assert_eq!(config.public_address().unwrap(), "https://chat.example");
        config.tls = Some(TlsSource::SelfSigned {
            names: vec!["sotto.example".to_owned()],
        });
        config.http.set_port(8443);
        assert_eq!(
            config.public_address().unwrap(),
            "https://sotto.example:8443"
        );
        config.http.set_port(443);
        assert_eq!(config.public_address().unwrap(), "https://sotto.example");
        config.tls = None;
        config.origins.clear();
        assert_eq!(config.public_address(), None);
    }

    #[test]
    fn what_is_wrong_in_the_file_is_said_with_its_line() {
        for (text, line, says) in [
            ("http = \"127.0.0.1:2\"\nhtp = 1\n", 2, "htp"),
            ("\n\ntcp = \"nowhere\"\n", 3, "socket address"),
            ("[limits]\n\ncontent_max = \"64MB\"\n", 3, "not a size"),
            ("[limits]\nidle = \"soon\"\n", 2, "not a duration"),
            ("[limits]\nconections = 5\n", 2, "conections"),
            ("[limits]\nconnections = -5\n", 2, "-5"),
            ("http = \n", 1, ""),
        ] {
            match settle(Given::default(), text) {
                Err(ConfigError::File {
                    line: at, message, ..
                }) => {
                    assert_eq!(at, line, "{text:?}: {message}");
                    assert!(message.contains(says), "{text:?}: {message}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }
}
