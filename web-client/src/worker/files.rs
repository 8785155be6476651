//! Files between the page (blobs) and the engine (bytes).

use js_sys::{Array, Uint8Array};
use sotto_engine::api::{Command, Event, FILE_MAX, Failure};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag};

/// Puts the content of `payload` into a [`Command::SendFile`]; other commands stay as they are.
/// The size is checked before anything is read.
///
/// # Errors
/// [`Failure::FileTooLarge`]; [`Failure::NoSuchFile`] if it is not there, or can no longer be
/// read (it was changed or removed on disk, say).
pub async fn read_into(command: Command, payload: Option<Blob>) -> Result<Command, Failure> {
    match command {
        Command::SendFile { to, name, content } if content.is_empty() => {
            let content = read(payload.ok_or(Failure::NoSuchFile)?).await?;
            Ok(Command::SendFile { to, name, content })
        }
        other => Ok(other),
    }
}

async fn read(blob: Blob) -> Result<Vec<u8>, Failure> {
    let limit = FILE_MAX as u64;
    // A size is a whole number; `as` saturates.
    let size = blob.size() as u64;
    if size > limit {
        return Err(Failure::FileTooLarge { size, limit });
    }
    let buffer = JsFuture::from(blob.array_buffer())
        .await
        .map_err(|_| Failure::NoSuchFile)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Takes the content out of an [`Event::FileContent`], as a blob to travel beside it.
pub fn take_payload(event: &mut Event) -> Option<Blob> {
    let Event::FileContent { content, .. } = event else {
        return None;
    };
    let content = core::mem::take(content);
    let parts = Array::of1(&Uint8Array::from(content.as_slice()));
    let options = BlobPropertyBag::new();
    options.set_type(media_type(&content));
    Blob::new_with_u8_array_sequence_and_options(&parts.unchecked_into(), &options).ok()
}

/// The type that a received file may have in this origin: a picture by its first bytes, or bytes.
/// Never what a browser would run, whatever the sender called it.
fn media_type(content: &[u8]) -> &'static str {
    match content {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
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
        ] => "image/webp",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_have_a_type_of_their_own() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n...."), "image/png");
        assert_eq!(media_type(b"\xff\xd8\xff\xe0"), "image/jpeg");
        assert_eq!(media_type(b"GIF89a"), "image/gif");
        assert_eq!(media_type(b"RIFF\0\0\0\0WEBPVP8 "), "image/webp");
        for other in ["", "<html>", "<svg xmlns=", "%PDF-1.7", "RIFF\0\0\0\0WAVE"] {
            assert_eq!(media_type(other.as_bytes()), "application/octet-stream");
        }
    }
}
