//! Version 3 of the protocol, both sides.

use bytes::{Bytes, BytesMut};
use sotto_shared::ClientId;
use sotto_shared::sotto::{
    Part, Push, Request, RequestFrame, Response, ResponseFrame, ResponseSplitter, SplitError,
};

use crate::source::Source;

/// Any payload under any request's code.
pub fn sotto_requests(input: &[u8]) {
    let mut source = Source::new(input);
    let frame = RequestFrame {
        client: ClientId::from_bytes(source.array()),
        code: 3000 + source.u16() % 70,
        payload: Bytes::copy_from_slice(source.rest()),
    };
    let client = frame.client;
    if let Ok(request) = Request::decode(frame) {
        let again = Request::decode(request.to_frame(client));
        assert_eq!(again.as_ref(), Ok(&request));
    }
}

/// Any payload under any response's or push's code.
pub fn sotto_responses(input: &[u8]) {
    let mut source = Source::new(input);
    let code = match source.u16() % 100 {
        it @ 0..70 => 4000 + it,
        it @ 70..90 => 5000 + it - 70,
        _ => 9000,
    };
    let frame = ResponseFrame {
        code,
        payload: Bytes::copy_from_slice(source.rest()),
    };
    if Push::is_push(code) {
        if let Ok(push) = Push::decode(frame) {
            assert_eq!(Push::decode(push.to_frame()).as_ref(), Ok(&push));
        }
    } else if let Ok(response) = Response::decode(frame) {
        let again = Response::decode(response.to_frame());
        assert_eq!(again.as_ref(), Ok(&response));
    }
}

/// A connection's bytes as a client gets them, cut anywhere.
pub fn sotto_splitter(input: &[u8]) {
    let mut source = Source::new(input);
    let size = 1 + source.below(300);
    let stream = source.rest();
    let whole = split(stream, stream.len());
    assert_eq!(split(stream, size), whole);
    // Nothing is lost: the parts are the stream, up to a frame that has not ended.
    let bytes: Vec<u8> = whole.0.iter().flat_map(bytes_of).collect();
    assert!(stream.starts_with(&bytes));
}

fn split(stream: &[u8], size: usize) -> (Vec<Part>, Option<SplitError>) {
    let mut splitter = ResponseSplitter::default();
    let mut parts: Vec<Part> = Vec::new();
    for piece in stream.chunks(size.max(1)) {
        splitter.push(piece);
        loop {
            match splitter.next_part() {
                Ok(None) => break,
                Err(error) => return (parts, Some(error)),
                Ok(Some(part)) => match (parts.last_mut(), part) {
                    (Some(Part::Classic(before)), Part::Classic(more)) => {
                        *before = [&before[..], &more[..]].concat().into();
                    }
                    (_, part) => parts.push(part),
                },
            }
        }
    }
    (parts, None)
}

fn bytes_of(part: &Part) -> Vec<u8> {
    match part {
        Part::Classic(bytes) => bytes.to_vec(),
        Part::Sotto(frame) => {
            let mut out = BytesMut::new();
            frame.encode(&mut out);
            out.to_vec()
        }
    }
}
