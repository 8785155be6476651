//! Makes a small square picture of any picture that the browser can read.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// Pixels of a side.
const SIDE: f64 = 192.0;

/// How much of the picture the JPEG keeps.
const QUALITY: f64 = 0.82;

/// Shrinks a picture; `then` gets it as JPEG, or nothing if it is none.
pub(crate) fn shrink(file: File, then: impl FnOnce(Option<Vec<u8>>) + 'static) {
    wasm_bindgen_futures::spawn_local(async move {
        then(shrunk(&file).await.ok());
    });
}

async fn shrunk(file: &File) -> Result<Vec<u8>, JsValue> {
    let window: JsValue = leptos::prelude::window().into();
    let bitmap = wait(call(&window, "createImageBitmap", &[file.into()])?).await?;
    let (width, height) = (number(&bitmap, "width")?, number(&bitmap, "height")?);
    let side = width.min(height);
    let canvas: Function = Reflect::get(&window, &"OffscreenCanvas".into())?.dyn_into()?;
    let canvas = Reflect::construct(&canvas, &Array::of2(&SIDE.into(), &SIDE.into()))?;
    let context = call(&canvas, "getContext", &["2d".into()])?;
    let (left, top) = ((width - side) / 2.0, (height - side) / 2.0);
    let stretch = [left, top, side, side, 0.0, 0.0, SIDE, SIDE].map(JsValue::from);
    let [a, b, c, d, e, f, g, h] = stretch;
    call(&context, "drawImage", &[bitmap, a, b, c, d, e, f, g, h])?;
    let options = Object::new();
    Reflect::set(&options, &"type".into(), &"image/jpeg".into())?;
    Reflect::set(&options, &"quality".into(), &QUALITY.into())?;
    let blob = wait(call(&canvas, "convertToBlob", &[options.into()])?).await?;
    let bytes = wait(call(&blob, "arrayBuffer", &[])?).await?;
    Ok(Uint8Array::new(&bytes).to_vec())
}

fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = Reflect::get(object, &method.into())?.dyn_into()?;
    method.apply(object, &arguments.iter().collect())
}

fn number(object: &JsValue, name: &str) -> Result<f64, JsValue> {
    Reflect::get(object, &name.into())?
        .as_f64()
        .ok_or(JsValue::NULL)
}

async fn wait(promise: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(promise.dyn_into::<Promise>()?).await
}
