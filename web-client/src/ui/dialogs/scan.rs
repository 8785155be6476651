//! Scanning a contact's safety code with the camera.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::*;
use sotto_engine::api::AccountCommand;
use sotto_shared::AccountId;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlVideoElement;

use super::super::store::Store;
use super::modal::Modal;

/// How often the picture is searched.
const EVERY: Duration = Duration::from_millis(300);

/// The dialog. It closes when it has read something.
#[component]
pub(super) fn Scan(account: AccountId) -> impl IntoView {
    let store = Store::here();
    let video = NodeRef::<leptos::html::Video>::new();
    let problem = RwSignal::new(None::<&'static str>);
    // What ends the camera, whenever the dialog goes.
    let camera: Rc<RefCell<Option<Camera>>> = Rc::default();
    let camera = StoredValue::new_local(camera);
    Effect::new(move |_| {
        let Some(video) = video.get() else { return };
        let camera = camera.get_value();
        spawn_local(async move {
            match Camera::start(&video).await {
                Ok(started) => {
                    *camera.borrow_mut() = Some(started);
                }
                Err(_) => {
                    problem.try_set(Some(
                        "The camera cannot be used. Allow it for this page in the browser, or paste the code instead.",
                    ));
                }
            }
        });
    });
    let search = move || {
        let Some(video) = video.get_untracked() else {
            return;
        };
        spawn_local(async move {
            if let Some(code) = read(&video).await
                && store.dialogs.is_open(&super::Dialog::Scan(account))
            {
                store.own.scanned.set(None);
                store.ask(AccountCommand::Scan { account, code });
                store.dialogs.close();
            }
        });
    };
    let tick = set_interval_with_handle(search, EVERY).ok();
    on_cleanup(move || {
        if let Some(tick) = tick {
            tick.clear();
        }
        camera.with_value(|camera| drop(camera.borrow_mut().take()));
    });
    view! {
        <Modal title="Scan their code">
            <p class="hint">
                "Hold the code that the other device shows before the camera. The picture does not leave this browser."
            </p>
            <video node_ref=video class="camera" autoplay muted playsinline></video>
            <p class="problem" role="alert">
                {move || problem.get()}
            </p>
        </Modal>
    }
}

/// The camera, as long as it runs.
struct Camera(JsValue);

impl Camera {
    async fn start(video: &HtmlVideoElement) -> Result<Self, JsValue> {
        let devices = Reflect::get(&window().navigator(), &"mediaDevices".into())?;
        let wanted = Object::new();
        let facing = Object::new();
        Reflect::set(&facing, &"facingMode".into(), &"environment".into())?;
        Reflect::set(&wanted, &"video".into(), &facing)?;
        let stream: Promise = call(&devices, "getUserMedia", &wanted)?.dyn_into()?;
        let camera = Self(JsFuture::from(stream).await?);
        Reflect::set(video, &"srcObject".into(), &camera.0)?;
        Ok(camera)
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        let tracks = Reflect::get(&self.0, &"getTracks".into())
            .and_then(|method| method.dyn_into::<Function>()?.call0(&self.0))
            .map(|tracks| Array::from(&tracks));
        for track in tracks.unwrap_or_default() {
            let stop = Reflect::get(&track, &"stop".into());
            if let Ok(stop) = stop.and_then(JsCast::dyn_into::<Function>) {
                let _ = stop.call0(&track);
            }
        }
    }
}

/// What stands in the first code in the picture.
async fn read(video: &HtmlVideoElement) -> Option<String> {
    let detector: Function = Reflect::get(&window(), &"BarcodeDetector".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let options = Object::new();
    let formats = Array::of1(&"qr_code".into());
    Reflect::set(&options, &"formats".into(), &formats).ok()?;
    let detector = Reflect::construct(&detector, &Array::of1(&options)).ok()?;
    let found: Promise = call(&detector, "detect", video).ok()?.dyn_into().ok()?;
    let found = JsFuture::from(found).await.ok()?;
    let first = Array::from(&found).get(0);
    Reflect::get(&first, &"rawValue".into()).ok()?.as_string()
}

fn call(object: &JsValue, method: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    Reflect::get(object, &method.into())?
        .dyn_into::<Function>()?
        .call1(object, argument)
}
