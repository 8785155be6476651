//! What the decoders hold, by the allocator's count. One test: the count is of the whole process.
#![allow(clippy::expect_used, clippy::panic)]

use peak_alloc::PeakAlloc;
use sotto_shared::classic::{Decoded, RequestDecoder, ResponseDecoder};
use sotto_shared::wire::ByteOrder;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const MIB: usize = 1024 * 1024;

/// Most bytes that were allocated at once beyond those before.
fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    let result = run();
    (result, ALLOCATED.peak_usage().saturating_sub(before))
}

fn header(code: u16, payload: usize) -> Vec<u8> {
    let mut bytes = vec![0xa1; 16];
    bytes.push(2);
    bytes.extend(code.to_le_bytes());
    bytes.extend((payload as u32).to_le_bytes());
    bytes
}

fn message(content: usize) -> Vec<u8> {
    let mut bytes = header(603, 21 + content);
    bytes.extend([0xb2; 16]);
    bytes.push(4);
    bytes.extend((content as u32).to_le_bytes());
    bytes.resize(44 + content, 9);
    bytes
}

#[test]
fn decoders_hold_what_arrived_and_no_more() {
    // A declared size reserves nothing.
    for (code, ids) in [(603, 16), (613, 32)] {
        let mut declared = header(code, ids + 5 + 64 * MIB);
        declared.resize(23 + ids, 0xb2);
        declared.push(3);
        declared.extend(((64 * MIB) as u32).to_le_bytes());
        let (_, held) = peak(|| {
            let mut decoder = RequestDecoder::new(64 * MIB);
            decoder.push(&declared);
            assert_eq!(decoder.next_decoded(), None);
            decoder
        });
        assert!(held < 1024, "{held} bytes held for {}", declared.len());
    }
    let (_, held) = peak(|| {
        let mut decoder = ResponseDecoder::new(ByteOrder::Little);
        decoder.push(&[2, 0x38, 0x08, 0, 0, 0, 0x10]);
        assert_eq!(decoder.next_response(), Ok(None));
        decoder
    });
    assert!(held < 1024, "{held} bytes held by an announced response");

    // A growing content holds at most what growing by doubling needs.
    let large = message(8 * MIB);
    let (_, held) = peak(|| {
        let mut decoder = RequestDecoder::new(64 * MIB);
        for piece in large.chunks(16 * 1024) {
            decoder.push(piece);
        }
        assert!(matches!(decoder.next_decoded(), Some(Decoded::Request(_))));
    });
    assert!(held < 25 * MIB, "{held} bytes held for 8 MiB");

    // A peer that goes silent behind a large frame does not keep its memory.
    let mut decoder = RequestDecoder::new(64 * MIB);
    let before = ALLOCATED.current_usage();
    decoder.push(&large);
    decoder.push(b"the next");
    assert!(matches!(decoder.next_decoded(), Some(Decoded::Request(_))));
    assert_eq!(decoder.next_decoded(), None);
    assert_eq!(decoder.buffered(), 8);
    let held = ALLOCATED.current_usage().saturating_sub(before);
    assert!(held < 1024, "{held} bytes held for 8");

    // An idle connection holds nothing, whatever it said before.
    let mut decoder = RequestDecoder::new(64 * MIB);
    let before = ALLOCATED.current_usage();
    for _ in 0..100 {
        decoder.push(&header(604, 0));
        decoder.push(&message(5000));
        while decoder.next_decoded().is_some() {}
    }
    assert_eq!(ALLOCATED.current_usage(), before);
    let mut decoder = ResponseDecoder::new(ByteOrder::Little);
    let before = ALLOCATED.current_usage();
    decoder.push(&[2, 0x28, 0x23, 0, 0, 0, 0]);
    decoder.push(&[0; 5000]);
    while let Ok(Some(_)) = decoder.next_response() {}
    assert_eq!(ALLOCATED.current_usage(), before);

    // Many small frames that arrive at once do not pile up copies of each other.
    let small: Vec<u8> = (0..10_000).flat_map(|_| message(16)).collect();
    let (_, held) = peak(|| {
        let mut decoder = RequestDecoder::new(64 * MIB);
        decoder.push(&small);
        while decoder.next_decoded().is_some() {}
    });
    assert!(
        held < 2 * small.len(),
        "{held} bytes held for {}",
        small.len()
    );
}
