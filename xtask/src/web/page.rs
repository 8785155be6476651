//! `index.html` as it is served: hashed addresses, integrity, no script inside the page.

use anyhow::{Result, bail};

use super::assets::Assets;
use super::html::{Piece, Tag, pieces};
use super::integrity;

/// Attributes that may hold the address of one of our files.
const ADDRESSES: [&str; 3] = ["href", "src", "content"];
/// Values of `rel` for which browsers check `integrity`. A plain preload is not among them: they
/// ignore it there, with a warning, and check what is then fetched.
const CHECKED: [&str; 2] = ["stylesheet", "modulepreload"];
/// What a script that starts the page is called.
const START: &str = "start.js";

/// Makes the served page of Trunk's page; adds the scripts that stood in it to the files.
pub(super) fn finish(page: &str, assets: &mut Assets) -> Result<String> {
    let mut result = String::with_capacity(page.len());
    for piece in pieces(page)? {
        match piece {
            Piece::Plain(text) => result.push_str(text),
            Piece::Comment => {}
            Piece::Tag(mut tag) => {
                readdress(&mut tag, assets);
                result.push_str(&tag.to_string());
            }
            Piece::Script { mut tag, body } => {
                if tag.value("src").is_some() {
                    readdress(&mut tag, assets);
                } else if is_executed(&tag) {
                    externalise(&mut tag, body, assets)?;
                } else {
                    bail!("the page has a script that is no JavaScript, which the policy forbids");
                }
                result.push_str(&tag.to_string());
                result.push_str("</script>");
            }
        }
    }
    Ok(without_blank_lines(&result))
}

/// Puts the present name of a file in place of the one that the tag has.
fn readdress(tag: &mut Tag<'_>, assets: &Assets) {
    for attribute in ADDRESSES {
        let Some(new) = tag
            .value(attribute)
            .and_then(|value| value.strip_prefix("./").or_else(|| value.strip_prefix('/')))
            .and_then(|name| assets.new_name(name))
            .map(str::to_owned)
        else {
            continue;
        };
        tag.set(attribute, &format!("/{new}"));
        match assets.get(&new) {
            Some(content) if is_checked(tag) => {
                tag.set("integrity", &integrity::attribute(content));
            }
            _ => tag.remove("integrity"),
        }
    }
}

fn is_checked(tag: &Tag<'_>) -> bool {
    match tag.name.as_str() {
        "script" => true,
        "link" => tag.value("rel").is_some_and(|rel| CHECKED.contains(&rel)),
        _ => false,
    }
}

fn is_executed(tag: &Tag<'_>) -> bool {
    matches!(
        tag.value("type"),
        None | Some("" | "module" | "text/javascript")
    )
}

/// Moves a script out of the page into a file.
fn externalise(tag: &mut Tag<'_>, body: &str, assets: &mut Assets) -> Result<()> {
    let script = assets.follow_in(body.trim());
    let script = fetch_checked(&script, assets)? + "\n";
    let name = assets.put_hashed(START, script.into_bytes());
    tag.set("src", &format!("/{name}"));
    if let Some(content) = assets.get(&name) {
        tag.set("integrity", &integrity::attribute(content));
    }
    Ok(())
}

/// Trunk's start script gives the glue the address of the module. In place of it goes a fetch
/// that checks the module's hash, with the same settings as the preload, which it thereby uses.
fn fetch_checked(script: &str, assets: &Assets) -> Result<String> {
    const BEFORE: &str = "module_or_path: '/";
    let Some((before, from_name)) = script.split_once(BEFORE) else {
        return Ok(script.to_owned());
    };
    let Some((name, after)) = from_name.split_once('\'') else {
        bail!("the page's start script has another form than the web build expects");
    };
    let Some(content) = assets.get(name) else {
        bail!("the page's start script names {name}, which is not there");
    };
    let integrity = integrity::attribute(content);
    Ok(format!(
        "{before}module_or_path: fetch('/{name}', {{ integrity: '{integrity}' }}){after}"
    ))
}

fn without_blank_lines(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .flat_map(|line| [line.trim_end(), "\n"])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trunk's output for our page, shortened.
    const PAGE: &str = r#"<!doctype html>
<html><head>
  <!-- Where the worker is. -->
  <meta name="sotto-worker" content="/worker_loader.js">
<script type="module">
import init from '/ui.js';
const wasm = await init({ module_or_path: '/ui_bg.wasm' });


dispatchEvent(new CustomEvent("TrunkApplicationStarted", {detail: {wasm}}));

</script>
  <link rel="stylesheet" href="/style.css" integrity="sha384-old"/>
<link rel="modulepreload" href="/ui.js" crossorigin="anonymous" integrity="sha384-old"><link rel="preload" href="/ui_bg.wasm" crossorigin="anonymous" integrity="sha384-old" as="fetch" type="application/wasm"></head>
<body><a href="/elsewhere">x</a></body></html>
"#;

    fn finished() -> (String, Assets) {
        let mut assets = Assets::default();
        assets.put("ui.js", b"new URL('ui_bg.wasm', import.meta.url)".to_vec());
        assets.put("ui_bg.wasm", b"module".to_vec());
        assets.put("worker_loader.js", b"worker".to_vec());
        assets.put("style.css", b"p{}".to_vec());
        assets.hash_names().unwrap();
        let page = finish(PAGE, &mut assets).unwrap();
        (page, assets)
    }

    fn name(assets: &Assets, old: &str) -> String {
        assets.new_name(old).unwrap().to_owned()
    }

    fn hash(assets: &Assets, old: &str) -> String {
        integrity::attribute(assets.get(&name(assets, old)).unwrap())
    }

    #[test]
    fn no_script_stays_in_the_page() {
        let (page, assets) = finished();
        let expected = format!(
            "<script type=\"module\" src=\"/{}\" integrity=\"{}\"></script>",
            name(&assets, START),
            hash(&assets, START)
        );
        assert!(page.contains(&expected), "{page}");
        assert!(!page.contains("import init"), "{page}");
    }

    #[test]
    fn the_module_is_fetched_with_its_hash() {
        let (_, assets) = finished();
        let start = assets.get(&name(&assets, START)).unwrap();
        let start = std::str::from_utf8(start).unwrap();
        let fetch = format!(
            "init({{ module_or_path: fetch('/{}', {{ integrity: '{}' }}) }})",
            name(&assets, "ui_bg.wasm"),
            hash(&assets, "ui_bg.wasm")
        );
        assert!(start.contains(&fetch), "{start}");
        assert!(start.contains(&format!("'/{}'", name(&assets, "ui.js"))));
    }

    #[test]
    fn integrity_is_that_of_the_files_as_served() {
        let (page, assets) = finished();
        for (old, checked) in [("ui.js", true), ("style.css", true), ("ui_bg.wasm", false)] {
            assert!(page.contains(&format!("href=\"/{}\"", name(&assets, old))));
            assert_eq!(page.contains(&hash(&assets, old)), checked, "{old}: {page}");
        }
        assert!(!page.contains("sha384-old"), "{page}");
    }

    #[test]
    fn the_page_names_its_worker_and_other_links_stay() {
        let (page, assets) = finished();
        let worker = name(&assets, "worker_loader.js");
        let meta = format!("<meta name=\"sotto-worker\" content=\"/{worker}\">");
        assert!(page.contains(&meta), "{page}");
        assert!(page.contains("<a href=\"/elsewhere\">"), "{page}");
        assert!(!page.contains("<!--"), "{page}");
    }
}
