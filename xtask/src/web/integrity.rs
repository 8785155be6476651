//! Hashes of files, for their names and for subresource integrity.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256, Sha384};

/// How many hexadecimal digits of the hash a file's name holds.
pub(super) const NAME_DIGITS: usize = 16;

/// The part of a file's name that changes with its content.
pub(super) fn name_hash(content: &[u8]) -> String {
    let mut hash = hex(&Sha256::digest(content));
    hash.truncate(NAME_DIGITS);
    hash
}

/// The value of an `integrity` attribute (W3C Subresource Integrity).
pub(super) fn attribute(content: &[u8]) -> String {
    format!("sha384-{}", Base64::encode_string(&Sha384::digest(content)))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standards() {
        assert_eq!(name_hash(b"abc"), "ba7816bf8f01cfea");
        // The example of the Subresource Integrity specification, section 3.2.
        assert_eq!(
            attribute(b"alert('Hello, world.');"),
            "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
        );
    }
}
