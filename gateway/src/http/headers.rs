//! Security headers of every answer.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Nothing runs or loads but what this gateway serves.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; worker-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    connect-src 'self'";

const FIXED: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        "require-corp",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        // The camera reads a contact's safety code.
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(self), display-capture=(), \
         geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), \
         midi=(), payment=(), publickey-credentials-get=(), serial=(), usb=()",
    ),
];

/// A year, as is usual. Not for subdomains, which are other people's business.
const HSTS: &str = "max-age=31536000";

pub(super) async fn add_security_headers(
    State(sends_hsts): State<bool>,
    request: Request,
    next: Next,
) -> Response {
    let policy = policy_for(request.headers().get(header::HOST));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if sends_hsts {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(HSTS),
        );
    }
    response
}

/// The policy, with the WebSocket named: not every browser counts it to `'self'`.
fn policy_for(host: Option<&HeaderValue>) -> HeaderValue {
    let is_plain = |host: &&str| {
        host.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte))
    };
    host.and_then(|host| host.to_str().ok())
        .filter(is_plain)
        .and_then(|host| HeaderValue::from_str(&format!("{POLICY} ws://{host} wss://{host}")).ok())
        .unwrap_or(HeaderValue::from_static(POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_could_write_policy_is_left_out() {
        let policy = |host| policy_for(Some(&HeaderValue::from_static(host)));
        let own = policy("chat.example.org:8443");
        assert!(own.to_str().unwrap().ends_with(
            "connect-src 'self' ws://chat.example.org:8443 wss://chat.example.org:8443"
        ));
        assert_eq!(policy("x; script-src *"), POLICY);
        assert_eq!(policy_for(None), POLICY);
        assert!(!POLICY.contains("unsafe-inline") && !POLICY.contains("'unsafe-eval'"));
    }
}
