//! The page's end of the line to the worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Blob, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::link::{self, Command, Event, Port as _};
use crate::worker::page;

/// Where the worker is when the page does not say otherwise.
const WORKER_URL: &str = "/worker_loader.js";

/// The line to the worker. Commands wait in it until the worker listens.
#[derive(Clone)]
pub(crate) struct Bridge(Rc<Line>);

struct Line {
    worker: Worker,
    listens: Cell<bool>,
    waiting: RefCell<Vec<JsValue>>,
}

impl Bridge {
    /// Starts the worker. `heard` gets its events; `broke` is told when it cannot run.
    pub(crate) fn start(
        heard: impl Fn(Event, Option<Blob>) + 'static,
        broke: impl Fn() + 'static,
    ) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&worker_url(), &options)?;
        let bridge = Self(Rc::new(Line {
            worker,
            listens: Cell::new(false),
            waiting: RefCell::default(),
        }));

        let line = Rc::clone(&bridge.0);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            line.open();
            if let Some((event, payload)) = link::decode_event(&message.data()) {
                heard(event, payload);
            }
        });
        let worker = &bridge.0.worker;
        page::attend(worker);
        worker.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));

        let line = Rc::clone(&bridge.0);
        let on_error = Closure::<dyn Fn(JsValue)>::new(move |_| {
            if !line.listens.get() {
                broke();
            }
        });
        worker.set_onerror(Some(on_error.into_js_value().unchecked_ref()));
        Ok(bridge)
    }

    /// Sends a command, with the content of a file beside it.
    pub(crate) fn send(&self, command: &Command, payload: Option<&Blob>) {
        let message = link::encode_command(command, payload);
        if self.0.listens.get() {
            let _ = self.0.worker.post(&message);
        } else {
            self.0.waiting.borrow_mut().push(message);
        }
    }
}

impl Line {
    fn open(&self) {
        if self.listens.replace(true) {
            return;
        }
        for message in self.waiting.take() {
            let _ = self.worker.post(&message);
        }
    }
}

fn worker_url() -> String {
    let meta = document().query_selector("meta[name=sotto-worker]");
    meta.ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_else(|| WORKER_URL.to_owned())
}
