//! The web app's files: built in, or from a folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// Shown when the gateway was built without the web app.
const PLACEHOLDER: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Sotto</title>
<h1>Sotto</h1>
<p>The gateway is running, and the web app is not in this build.</p>
<p>Start it with <code>cargo xtask serve</code>, or with <code>--web DIR</code> for a folder that
holds the app.</p>
</html>
";

const INDEX: &str = "index.html";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// Where the files are.
#[derive(Debug)]
pub(super) enum Files {
    Embedded(HashMap<&'static str, File>),
    Folder(PathBuf),
}

/// One file, plain and compressed.
#[derive(Debug, Clone)]
pub(super) struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
    etag: HeaderValue,
}

impl File {
    fn new(plain: Bytes, brotli: Option<Bytes>) -> Self {
        let hash = Sha256::digest(&plain);
        let digits: String = hash
            .iter()
            .take(12)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let etag = HeaderValue::from_str(&format!("\"{digits}\""))
            .unwrap_or(HeaderValue::from_static("\"\""));
        Self {
            plain,
            brotli,
            etag,
        }
    }
}

impl Files {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        if let Some(folder) = folder {
            return Self::Folder(folder);
        }
        let all: HashMap<&str, &'static [u8]> = embedded::FILES.iter().copied().collect();
        let mut files: HashMap<&'static str, File> = embedded::FILES
            .iter()
            .filter(|(name, _)| !name.ends_with(".br"))
            .map(|(name, plain)| {
                let brotli = all.get(format!("{name}.br").as_str()).copied();
                (
                    *name,
                    File::new(Bytes::from_static(plain), brotli.map(Bytes::from_static)),
                )
            })
            .collect();
        files
            .entry(INDEX)
            .or_insert_with(|| File::new(Bytes::from_static(PLACEHOLDER.as_bytes()), None));
        Self::Embedded(files)
    }

    /// Answers a request for a file.
    pub(super) async fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Response {
        if method != Method::GET && method != Method::HEAD {
            let allow = [(header::ALLOW, "GET, HEAD")];
            return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
        }
        let found = match plain_name(path) {
            Some(name) => self.find(name).await.map(|file| (name, file)),
            None => None,
        };
        match found {
            Some((name, file)) => respond(name, file, method, headers),
            None => (StatusCode::NOT_FOUND, "not found\n").into_response(),
        }
    }

    async fn find(&self, name: &str) -> Option<File> {
        match self {
            Self::Embedded(files) => files.get(name).cloned(),
            Self::Folder(folder) => {
                let path = folder.join(name);
                tokio::task::spawn_blocking(move || read(&path))
                    .await
                    .ok()?
            }
        }
    }
}

fn read(path: &Path) -> Option<File> {
    let plain = std::fs::read(path).ok()?;
    let mut compressed = path.as_os_str().to_owned();
    compressed.push(".br");
    let brotli = std::fs::read(compressed).ok();
    Some(File::new(plain.into(), brotli.map(Bytes::from)))
}

/// The file's name for a path. Nothing but names of letters, digits, dots, dashes and underscores
/// is served, and none that begins with a dot: so there is no way out of the folder.
fn plain_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    if name.is_empty() {
        return Some(INDEX);
    }
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    name.split('/').all(is_plain).then_some(name)
}

fn respond(name: &str, file: File, method: &Method, headers: &HeaderMap) -> Response {
    let has_variants = file.brotli.is_some();
    let (content, is_brotli) = match file.brotli {
        Some(brotli) if accepts_brotli(headers) => (brotli, true),
        _ => (file.plain, false),
    };
    let is_known = headers.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        known == "*"
            || known.to_str().is_ok_and(|known| {
                let mut tags = known
                    .split(',')
                    .map(|tag| tag.trim().trim_start_matches("W/"));
                tags.any(|tag| file.etag == tag)
            })
    });
    let caching = if is_hashed(name) { FOR_EVER } else { ASK_AGAIN };

    let mut response = Response::new(Body::empty());
    let out = response.headers_mut();
    out.insert(header::ETAG, file.etag);
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if has_variants {
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(name)),
    );
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
    if is_brotli {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    if method == Method::GET {
        *response.body_mut() = Body::from(content);
    }
    response
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .any(|value| {
            value.to_str().is_ok_and(|value| {
                value.split(',').any(|coding| {
                    let mut parts = coding.split(';').map(str::trim);
                    let is_brotli = parts
                        .next()
                        .is_some_and(|name| name.eq_ignore_ascii_case("br"));
                    let is_refused = parts.any(|part| {
                        part.strip_prefix("q=")
                            .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
                    });
                    is_brotli && !is_refused
                })
            })
        })
}

/// Whether the name changes with the content: it holds `-` and at least eight hexadecimal digits
/// before its extension, with or without `_bg` between.
fn is_hashed(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        hash.len() >= 8 && hash.bytes().all(is_digit)
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        assert_eq!(plain_name("/"), Some("index.html"));
        assert_eq!(
            plain_name("/assets/app-0123456789abcdef_bg.wasm"),
            Some("assets/app-0123456789abcdef_bg.wasm")
        );
        for path in [
            "",
            "/..",
            "/../x",
            "/a/../b",
            "/.git/config",
            "//etc/passwd",
            "/a//b",
            "/a/",
            "/%2e%2e/x",
            "/a\\b",
            "/C:/x",
            "/a\0b",
            "/ä",
        ] {
            assert_eq!(plain_name(path), None, "{path:?}");
        }
    }

    #[test]
    fn names_with_a_hash_are_known_by_it() {
        for name in [
            "ui-0123abcd.js",
            "x/ui-0123456789abcdef_bg.wasm",
            "a-b-deadbeef.css",
        ] {
            assert!(is_hashed(name), "{name}");
        }
        for name in [
            "index.html",
            "ui.js",
            "ui-0123abc.js",
            "ui-ABCDEF01.js",
            "worker-loader.js",
            "snippet_bg.wasm",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }

    #[test]
    fn brotli_goes_to_those_who_accept_it() {
        for (value, accepts) in [
            ("gzip, deflate, br", true),
            ("br;q=0.5", true),
            ("gzip", false),
            ("br;q=0", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(accepts_brotli(&headers), accepts, "{value}");
        }
        assert!(!accepts_brotli(&HeaderMap::new()));
    }
}
