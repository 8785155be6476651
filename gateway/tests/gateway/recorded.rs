//! The session that was recorded between other people's clients and servers, replayed.

use std::collections::HashMap;

use serde_json::Value;

use crate::support::*;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn replace(bytes: &mut [u8], ids: &[(Vec<u8>, Vec<u8>)]) {
    for at in 0..bytes.len().saturating_sub(15) {
        for (recorded, ours) in ids {
            if bytes[at..at + 16] == recorded[..] {
                bytes[at..at + 16].copy_from_slice(ours);
            }
        }
    }
}

#[test]
fn the_recorded_session_is_answered_byte_for_byte() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/tests/vectors/classic.json"
    );
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let gateway = TestGateway::start();
    let mut connections = HashMap::new();
    // Ids are the server's choice: the recorded ones are read as ours.
    let mut ids: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut answers = 0;
    for step in vectors["session"].as_array().unwrap() {
        let client = connections
            .entry(step["connection"].as_u64().unwrap())
            .or_insert_with(|| gateway.connect());
        let mut recorded = bytes(step["hex"].as_str().unwrap());
        if step["direction"] == "request" {
            replace(&mut recorded, &ids);
            client.write(&recorded);
            continue;
        }
        let answer = client.answer_bytes();
        if step["code"] == 2100 {
            ids.push((recorded[7..].to_vec(), answer[7..].to_vec()));
        }
        replace(&mut recorded, &ids);
        assert_eq!(answer, recorded, "answer {answers}: {}", step["code"]);
        answers += 1;
    }
    assert_eq!(answers, 31);
}
