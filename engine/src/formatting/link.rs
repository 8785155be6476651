//! Addresses in a text: `http` and `https` only.

/// Bytes of the address that `text` begins with, if it does. Looks no further than the address goes.
pub(super) fn length(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let rest = text.get(scheme.len()..)?;
    // The authority first: it holds no slash, so whatever is refused here is not looked at twice.
    let authority = rest
        .find(|c| matches!(c, '/' | '?' | '#') || ends(c))
        .unwrap_or(rest.len());
    let tail = trailing(rest.get(..authority)?);
    if !is_authority(rest.get(..authority - tail)?) {
        return None;
    }
    let end = rest.find(ends).unwrap_or(rest.len());
    let length = end - trailing(rest.get(..end)?);
    Some(scheme.len() + length)
}

/// Characters that no address holds: whitespace, quotes, backslashes, and what hides or reorders
/// text.
fn ends(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '<' | '>' | '"' | '`' | '\\' | '«' | '»' | '“' | '”' | '„'
        )
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Bytes at the end that belong to the sentence: punctuation, and brackets that were not opened
/// inside.
fn trailing(address: &str) -> usize {
    let count = |c| address.matches(c).count();
    let mut round = count(')').saturating_sub(count('('));
    let mut square = count(']').saturating_sub(count('['));
    let kept = address.trim_end_matches(|c| match c {
        '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' => true,
        ')' if round > 0 => {
            round -= 1;
            true
        }
        ']' if square > 0 => {
            square -= 1;
            true
        }
        _ => false,
    });
    address.len() - kept.len()
}

/// Whether this is a host with or without a port: no user name, no password, no label that mixes
/// Latin letters with look-alikes of other scripts.
fn is_authority(authority: &str) -> bool {
    if let Some(literal) = authority.strip_prefix('[') {
        let Some((address, port)) = literal.split_once(']') else {
            return false;
        };
        return address.contains(':')
            && address
                .chars()
                .all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'))
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    port.is_none_or(is_port) && host.split('.').all(is_label)
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    let may = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let latin = |c: char| matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let other = |c: char| c.is_alphabetic() && !latin(c);
    !label.is_empty() && label.chars().all(may) && !(label.contains(latin) && label.contains(other))
}
