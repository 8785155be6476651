//! Somebody else's server, in the strict way of some: takes what one `recv` gives it for one
//! request, answers once, and closes. It pads its answers with zeros to 1024 bytes, acknowledges
//! messages without a receipt, explains its errors, lists the asking client too, and knows no
//! request but the seed's. Written from the bytes of the specification, with none of Sotto's code.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct State {
    /// Id, name field, public key.
    users: Vec<([u8; 16], Vec<u8>, Vec<u8>)>,
    /// Addressee, and the record of 2104.
    waiting: Vec<([u8; 16], Vec<u8>)>,
    /// Codes of the requests so far.
    codes: Vec<u16>,
    /// Version bytes of the requests so far.
    versions: Vec<u8>,
    /// The next request with this code is done, but not answered.
    unanswered: Option<u16>,
}

/// A server that runs until the test ends.
#[derive(Clone)]
pub struct ForeignServer {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl ForeignServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap().to_string(),
            state: Arc::default(),
        };
        let state = Arc::clone(&server.state);
        std::thread::spawn(move || {
            // One after another, as such servers do.
            for stream in listener.incoming().flatten() {
                serve(stream, &state);
            }
        });
        server
    }

    /// Codes of all requests so far.
    pub fn codes(&self) -> Vec<u16> {
        self.state.lock().unwrap().codes.clone()
    }

    /// Version bytes of all requests so far.
    pub fn versions(&self) -> Vec<u8> {
        self.state.lock().unwrap().versions.clone()
    }

    /// Does the next request with this code, and closes without an answer.
    pub fn leave_unanswered(&self, code: u16) {
        self.state.lock().unwrap().unanswered = Some(code);
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    stream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    let mut buffer = vec![0; 256 * 1024];
    let Ok(count) = stream.read(&mut buffer) else {
        return;
    };
    let request = &buffer[..count];
    // A connection that says nothing, or half a request, is none of its business.
    if count < 23 {
        return;
    }
    let size = u32::from_le_bytes(request[19..23].try_into().unwrap()) as usize;
    let mut state = state.lock().unwrap();
    let (code, payload) = match count == 23 + size {
        true => answer(&mut state, request),
        false => (9000, b"one request, one segment".to_vec()),
    };
    if state.unanswered.is_some() && state.unanswered == state.codes.last().copied() {
        state.unanswered = None;
        return;
    }
    let mut frame = vec![2];
    frame.extend_from_slice(&u16::to_le_bytes(code));
    frame.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    frame.extend_from_slice(&payload);
    frame.resize(frame.len().next_multiple_of(1024), 0);
    let _ = stream.write_all(&frame);
}

fn answer(state: &mut State, request: &[u8]) -> (u16, Vec<u8>) {
    let client: [u8; 16] = request[..16].try_into().unwrap();
    let code = u16::from_le_bytes(request[17..19].try_into().unwrap());
    let payload = &request[23..];
    state.codes.push(code);
    state.versions.push(request[16]);
    let known = state.users.iter().any(|user| user.0 == client);
    if code != 600 && !known {
        return (9000, b"who are you?".to_vec());
    }
    match code {
        600 if payload.len() == 415 => {
            let name = payload[..255].to_vec();
            if state.users.iter().any(|user| user.1 == name) {
                return (9000, b"that name is \x1b[31mtaken".to_vec());
            }
            let n = u8::try_from(state.users.len() + 1).unwrap();
            state.users.push(([n; 16], name, payload[255..].to_vec()));
            (2100, vec![n; 16])
        }
        601 => {
            let records = state
                .users
                .iter()
                .flat_map(|user| [&user.0[..], &user.1].concat());
            (2101, records.collect())
        }
        602 => match state.users.iter().find(|user| user.0 == payload) {
            Some(user) => (2102, [&user.0[..], &user.2].concat()),
            None => (9000, Vec::new()),
        },
        603 => {
            let to: [u8; 16] = payload[..16].try_into().unwrap();
            let number = u32::try_from(state.waiting.len()).unwrap().to_le_bytes();
            state
                .waiting
                .push((to, [&client[..], &number, &payload[16..]].concat()));
            (2103, Vec::new())
        }
        604 => {
            let all = std::mem::take(&mut state.waiting);
            let (mine, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| it.0 == client);
            state.waiting = others;
            (2104, mine.into_iter().flat_map(|it| it.1).collect())
        }
        _ => (9000, b"no such request".to_vec()),
    }
}
