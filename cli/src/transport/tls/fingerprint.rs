//! What a certificate is known by.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// SHA-256 of a certificate (DER).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate.
    pub(super) fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// As the gateway, browsers and OpenSSL write it: 64 hexadecimal digits, with or without
    /// colons and `sha256:` in front.
    fn from_str(text: &str) -> Result<Self, String> {
        let error = || {
            "expected a fingerprint: sha256: and 64 hexadecimal digits, as the gateway prints it"
                .to_owned()
        };
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.strip_prefix("sha256:").unwrap_or(&lower);
        let mut bytes = [0; 32];
        let mut digits = digits.chars().filter(|c| *c != ':').map(|c| c.to_digit(16));
        let mut next = || digits.next().flatten().and_then(|n| u8::try_from(n).ok());
        for byte in &mut bytes {
            let (Some(high), Some(low)) = (next(), next()) else {
                return Err(error());
            };
            *byte = high << 4 | low;
        }
        match digits.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_however_it_was_copied() {
        let fingerprint = Fingerprint::of(b"certificate");
        let shown = fingerprint.to_string();
        let bare = shown.strip_prefix("sha256:").unwrap();
        for text in [
            shown.clone(),
            format!(" {shown}\n"),
            bare.to_owned(),
            shown.to_uppercase(),
            bare.replace(':', "").to_lowercase(),
        ] {
            assert_eq!(text.parse(), Ok(fingerprint), "{text}");
        }
        for bad in [
            "",
            "sha256:",
            &bare[..bare.len() - 1],
            &format!("{bare}:00"),
            &bare.replacen(|c: char| c.is_ascii_hexdigit(), "x", 1),
        ] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }
}
