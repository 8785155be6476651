//! A text as a QR code.

use std::fmt::Write as _;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of white around the code (ISO/IEC 18004: four).
const QUIET_ZONE: i32 = 4;

/// Draws it: dark on white whatever the theme, since not every reader takes it the other way round.
pub(super) fn qr(text: &str, label: &'static str) -> Option<impl IntoView + use<>> {
    let (size, path) = modules(text)?;
    let all = size + 2 * QUIET_ZONE;
    Some(view! {
        <svg
            class="qr"
            role="img"
            aria-label=label
            viewBox=format!("0 0 {all} {all}")
            shape-rendering="crispEdges"
        >
            <path class="qr-white" d=format!("M0 0h{all}v{all}h-{all}z")></path>
            <path class="qr-dark" d=path></path>
        </svg>
    })
}

/// Modules of a side, and the dark ones as a path, row by row.
fn modules(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let start = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                let (left, top, width) = (start + QUIET_ZONE, y + QUIET_ZONE, x - start);
                let _ = write!(path, "M{left} {top}h{width}v1h-{width}z");
            }
            x += 1;
        }
    }
    Some((size, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safety_code_becomes_one_path_inside_its_quiet_zone() {
        let text = format!("sotto:verify:1:{}", "Ab-_".repeat(32));
        let (size, path) = modules(&text).unwrap();
        assert!((45..=61).contains(&size), "{size}");
        // The finder pattern of the first row: seven dark modules, in the corner of the code.
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path:.20}");
        assert!(
            modules(&"x".repeat(10_000)).is_none(),
            "no code is so large"
        );
    }
}
