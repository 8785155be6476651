//! Files: what they are by their first bytes, and names that are safe to show and to save under.

use crate::api::{FILE_NAME_MAX, Media, Seq};

/// Bytes that are looked at to tell whether a file is text.
const TEXT_PROBE: usize = 4096;

/// What kind of file this is.
pub(crate) fn sniff(content: &[u8]) -> Media {
    match content {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Media::Png,
        [0xff, 0xd8, 0xff, ..] => Media::Jpeg,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Media::Gif,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Media::Webp,
        [b'%', b'P', b'D', b'F', b'-', ..] => Media::Pdf,
        [b'P', b'K', 3, 4, ..] => Media::Zip,
        _ if is_text(content) => Media::Text,
        _ => Media::Other,
    }
}

fn is_text(content: &[u8]) -> bool {
    let probe = content.get(..TEXT_PROBE).unwrap_or(content);
    let text = match core::str::from_utf8(probe) {
        Ok(text) => text,
        // The probe may end within a character.
        Err(error) if error.error_len().is_none() && probe.len() < content.len() => {
            core::str::from_utf8(probe.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty()
        && !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// A name without path, control and direction characters, or names that a system reserves; nothing
/// if nothing is left.
pub fn safe_name(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: String = base
        .chars()
        .map(|c| if is_unsafe(c) { '_' } else { c })
        .take(FILE_NAME_MAX)
        .collect();
    let cleaned = cleaned
        .trim()
        .trim_end_matches('.')
        .trim_start_matches('.')
        .trim();
    let stem = cleaned
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let reserved = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|c: char| c.is_ascii_digit()));
    match (cleaned.is_empty(), reserved) {
        (true, _) => None,
        (false, true) => Some(format!("_{cleaned}")),
        (false, false) => Some(cleaned.to_owned()),
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '/' | '\\')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A user name as the stem of a file name.
pub(crate) fn file_stem(name: &str) -> String {
    safe_name(name).unwrap_or_else(|| "identity".to_owned())
}

/// The name of a file that came without one.
pub(crate) fn default_name(seq: Seq, media: Media) -> String {
    let extension = match media {
        Media::Png => "png",
        Media::Jpeg => "jpg",
        Media::Gif => "gif",
        Media::Webp => "webp",
        Media::Pdf => "pdf",
        Media::Zip => "zip",
        Media::Text => "txt",
        Media::Other => "bin",
    };
    format!("file-{}.{extension}", seq.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_paths_controls_and_reserved_words() {
        for (given, safe) in [
            ("report.pdf", Some("report.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Windows\\system32\\evil.exe", Some("evil.exe")),
            ("a\u{202e}gpj.exe", Some("a_gpj.exe")),
            ("line\nbreak", Some("line_break")),
            ("CON.txt", Some("_CON.txt")),
            ("com1", Some("_com1")),
            ("..", None),
            ("", None),
            ("dir/", None),
            (".bashrc", Some("bashrc")),
        ] {
            assert_eq!(safe_name(given).as_deref(), safe, "{given:?}");
        }
        assert_eq!(safe_name(&"x".repeat(500)).unwrap().len(), FILE_NAME_MAX);
    }

    #[test]
    fn files_are_told_by_their_first_bytes() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n...."), Media::Png);
        assert_eq!(sniff(b"hello"), Media::Text);
        assert_eq!(sniff("é".repeat(3_000).as_bytes()), Media::Text);
        assert_eq!(sniff(b"\x00\x01"), Media::Other);
        assert_eq!(sniff(b""), Media::Other);
    }
}
