//! The worker's two scripts, made one.

use anyhow::{Result, bail};

use super::assets::Assets;

/// wasm-bindgen's glue for the worker, as Trunk names it.
const GLUE: &str = "worker.js";
/// Trunk's loader: imports the glue and starts it. The page names this one.
const LOADER: &str = "worker_loader.js";
/// The function in the glue that the loader calls.
const START: &str = "__wbg_init";

/// Joins the loader to the glue, under the loader's name.
pub(super) fn join_loader(assets: &mut Assets) -> Result<()> {
    assets.take(LOADER)?;
    let glue = String::from_utf8(assets.take(GLUE)?)?;
    if !glue.contains(&format!("{START} as default")) {
        bail!("wasm-bindgen's glue for the worker exports no `{START}`, which starts it");
    }
    let joined = format!("{}\nawait {START}();\n", glue.trim_end());
    assets.put(LOADER, joined.into_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_joined_script_starts_itself() {
        let mut assets = Assets::default();
        assets.put(GLUE, b"export { __wbg_init as default };\n".to_vec());
        assets.put(
            LOADER,
            b"import init from './worker.js';await init();".to_vec(),
        );
        join_loader(&mut assets).unwrap();
        assert!(assets.get(GLUE).is_none());
        assert_eq!(
            assets.get(LOADER).unwrap(),
            b"export { __wbg_init as default };\nawait __wbg_init();\n"
        );
    }

    #[test]
    fn glue_of_another_form_is_an_error() {
        let mut assets = Assets::default();
        assets.put(GLUE, b"let wasm_bindgen;".to_vec());
        assets.put(LOADER, Vec::new());
        assert!(join_loader(&mut assets).is_err());
    }
}
