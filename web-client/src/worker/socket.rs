//! The connection to the gateway: one WebSocket, one binary message per frame.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::js::{self, Timeout};

/// A connection that is not up after this time is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Close code for a peer that does not keep to the protocol: 4000 to 4999 are an application's own.
const CLOSE_NOT_BINARY: u16 = 4003;

/// What a connection tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is up.
    Opened,
    /// One frame arrived.
    Frame(Vec<u8>),
    /// It is over, or never came up. The last event.
    Closed,
}

type Callback = Closure<dyn FnMut(JsValue)>;

/// One connection. Dropping it closes it, and nothing is heard of it any more: events of a stale
/// connection cannot be taken for those of the next one.
pub struct Socket {
    web_socket: WebSocket,
    _callbacks: [Callback; 3],
    _connect_timeout: Rc<Cell<Option<Timeout>>>,
}

impl Socket {
    /// Begins to connect to `url`. Events come later, never during this call; nothing if the
    /// browser refuses the address.
    pub fn connect(url: &str, on_event: impl Fn(SocketEvent) + 'static) -> Option<Self> {
        let web_socket = WebSocket::new(url).ok()?;
        web_socket.set_binary_type(BinaryType::Arraybuffer);

        let over = Rc::new(Cell::new(false));
        let tell = Rc::new(move |event: SocketEvent| {
            let closing = event == SocketEvent::Closed;
            if !over.get() {
                over.set(closing);
                on_event(event);
            }
        });

        let giving_up = (web_socket.clone(), Rc::clone(&tell));
        let connect_timeout = Rc::new(Cell::new(Some(Timeout::new(CONNECT_TIMEOUT, move || {
            let (web_socket, tell) = giving_up;
            // Closing a socket that is connecting cannot fail without code and reason.
            let _ = web_socket.close();
            tell(SocketEvent::Closed);
        }))));

        let open = {
            let (tell, timeout) = (Rc::clone(&tell), Rc::clone(&connect_timeout));
            Callback::new(move |_event| {
                timeout.set(None);
                tell(SocketEvent::Opened);
            })
        };
        let message = {
            let (tell, web_socket) = (Rc::clone(&tell), web_socket.clone());
            Callback::new(move |event: JsValue| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                match data.dyn_ref::<ArrayBuffer>() {
                    Some(frame) => tell(SocketEvent::Frame(Uint8Array::new(frame).to_vec())),
                    // The protocol has no text. `close` follows.
                    None => drop(web_socket.close_with_code(CLOSE_NOT_BINARY)),
                }
            })
        };
        // `error` is always followed by `close`, which is the one that is listened to.
        let close = {
            let timeout = Rc::clone(&connect_timeout);
            Callback::new(move |_event| {
                timeout.set(None);
                tell(SocketEvent::Closed);
            })
        };
        web_socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        web_socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        web_socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Some(Self {
            web_socket,
            _callbacks: [open, message, close],
            _connect_timeout: connect_timeout,
        })
    }

    /// Sends one frame. One that cannot be sent is dropped: the connection is over then, and
    /// [`SocketEvent::Closed`] says so.
    pub fn send(&self, frame: &[u8]) {
        if self.web_socket.ready_state() == WebSocket::OPEN {
            let _ = self.web_socket.send_with_u8_array(frame);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.web_socket.set_onopen(None);
        self.web_socket.set_onmessage(None);
        self.web_socket.set_onclose(None);
        let _ = self.web_socket.close();
    }
}

/// Address of the gateway's WebSocket: that of the page, under `/ws`.
pub fn gateway_url() -> Option<String> {
    let location = js::scope()?.location();
    let scheme = if location.protocol() == "https:" {
        "wss"
    } else {
        "ws"
    };
    Some(format!("{scheme}://{}/ws", location.host()))
}
