//! A certificate from a certificate authority: pebble, Let's Encrypt's own server for tests
//! (Debian's package `pebble`).

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sotto_gateway::config::{Acme, Config, TlsSource};
use tempfile::TempDir;

use crate::support::{PATIENCE, TestGateway};
use crate::tls::{BOTH, client_config, https, try_connect_as};

const DOMAIN: &str = "chat.example.test";

/// A certificate authority, and a name server that says every name is this machine's.
struct Authority {
    processes: Vec<Child>,
    folder: TempDir,
    directory: SocketAddr,
    management: SocketAddr,
    own: CertificateDer<'static>,
    /// Where it asks for its challenges.
    challenges: SocketAddr,
}

impl Authority {
    /// Nothing where pebble is not installed, unless it must be.
    fn start() -> Option<Self> {
        let there = |program: &str| {
            let run = Command::new(program)
                .arg("-h")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            run.is_ok()
        };
        if !there("pebble") || !there("pebble-challtestsrv") {
            let why = "pebble is not installed (apt-get install pebble)";
            assert!(std::env::var_os("CI").is_none(), "{why}");
            eprintln!("left out: {why}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let in_folder = |name: &str| folder.path().join(name);
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(in_folder("own.crt"), made.cert.pem()).unwrap();
        std::fs::write(in_folder("own.key"), made.signing_key.serialize_pem()).unwrap();
        let [directory, management, challenges, dns, dns_management] = free_addresses();
        let settings = serde_json::json!({ "pebble": {
            "listenAddress": directory.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": in_folder("own.crt"),
            "privateKey": in_folder("own.key"),
            "httpPort": challenges.port(),
            "tlsPort": 1,
            "ocspResponderURL": "",
        }});
        std::fs::write(in_folder("pebble.json"), settings.to_string()).unwrap();
        let start = |command: &mut Command| {
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let names = start(Command::new("pebble-challtestsrv").args([
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
            "-dns01",
            &dns.to_string(),
            "-management",
            &dns_management.to_string(),
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
        ]));
        let pebble = start(
            Command::new("pebble")
                .args(["-dnsserver", &dns.to_string(), "-config"])
                .arg(in_folder("pebble.json"))
                .env("PEBBLE_VA_NOSLEEP", "1"),
        );
        let authority = Self {
            processes: vec![names, pebble],
            own: CertificateDer::from_pem_file(in_folder("own.crt")).unwrap(),
            folder,
            directory,
            management,
            challenges,
        };
        let end = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(directory).is_err() {
            assert!(Instant::now() < end, "pebble does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(authority)
    }

    /// The certificate that its certificates go back to.
    fn root(&self) -> CertificateDer<'static> {
        let (_, pem) = https(self.management, &self.own, "/roots/0");
        CertificateDer::from_pem_slice(&pem).unwrap()
    }

    fn configure(&self, config: &mut Config) {
        config.http_redirect = Some(self.challenges);
        config.tls = Some(TlsSource::Acme(Acme {
            domains: vec![DOMAIN.to_owned()],
            contact: Some("mailto:admin@example.test".to_owned()),
            directory: format!("https://{}/dir", self.directory),
            ca_file: Some(self.folder.path().join("own.crt")),
        }));
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for process in &mut self.processes {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// Addresses that are free, below the ports that systems give to whoever asks for any: so that
/// nobody else gets them before pebble and the gateway do.
fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let mut port = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    core::array::from_fn(|_| {
        loop {
            port += 1;
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            if TcpListener::bind(address).is_ok() {
                return address;
            }
        }
    })
}

fn wait_for_handshake(gateway: &TestGateway, root: &CertificateDer<'static>) {
    let end = Instant::now() + 2 * PATIENCE;
    let to = gateway.addresses.http;
    while let Err(error) = try_connect_as(DOMAIN, to, client_config(root.clone(), BOTH)) {
        assert!(Instant::now() < end, "no certificate: {error}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn kept(gateway: &TestGateway, name: &str) -> Vec<u8> {
    std::fs::read(gateway.data.path().join("tls").join(name)).unwrap()
}

#[test]
fn a_certificate_is_got_from_an_authority_and_kept() {
    let Some(authority) = Authority::start() else {
        return;
    };
    let gateway = TestGateway::with(|config| authority.configure(config));
    wait_for_handshake(&gateway, &authority.root());
    let account = kept(&gateway, "acme-account.json");
    let certificate = kept(&gateway, "acme.pem");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for name in ["acme-account.json", "acme.pem"] {
            assert_eq!(mode(&gateway.data.path().join("tls").join(name)), 0o600);
        }
    }

    // The next start asks nobody.
    let (_, data) = gateway.stop();
    let gateway = TestGateway::on(data, |config| {
        authority.configure(config);
        if let Some(TlsSource::Acme(acme)) = &mut config.tls {
            acme.ca_file = None;
        }
    });
    let to = gateway.addresses.http;
    try_connect_as(DOMAIN, to, client_config(authority.root(), BOTH)).unwrap();
    assert_eq!(kept(&gateway, "acme.pem"), certificate);

    // A certificate that is gone is got again, under the same account.
    let (_, data) = gateway.stop();
    std::fs::remove_file(data.path().join("tls/acme.pem")).unwrap();
    let gateway = TestGateway::on(data, |config| authority.configure(config));
    wait_for_handshake(&gateway, &authority.root());
    assert_ne!(kept(&gateway, "acme.pem"), certificate);
    assert_eq!(kept(&gateway, "acme-account.json"), account);
}
