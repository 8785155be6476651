//! `cargo xtask test`: every check there is, one stage each, ending in one table.

mod browser;
mod counts;
mod dependencies;
mod findings;
mod native;
mod summary;
mod wasm;

use std::cell::OnceCell;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};

use crate::process::Finished;
use crate::setup::{self, WebTools};
use crate::workspace::Workspace;
use counts::Counts;
use findings::Finding;
use summary::{Row, Verdict};

/// One stage.
struct Stage {
    name: &'static str,
    about: &'static str,
    /// Part of `--quick`: needs neither browser nor release build.
    quick: bool,
    run: fn(&Ground<'_>) -> Result<Outcome>,
}

const STAGES: [Stage; 12] = [
    Stage {
        name: "fmt",
        about: "rustfmt has nothing to change",
        quick: true,
        run: native::fmt,
    },
    Stage {
        name: "clippy",
        about: "no warning in the native crates",
        quick: true,
        run: native::clippy,
    },
    Stage {
        name: "unit",
        about: "unit, property, vector and integration tests of the native crates",
        quick: true,
        run: native::tests,
    },
    Stage {
        name: "doc",
        about: "examples in the documentation",
        quick: true,
        run: native::doc_tests,
    },
    Stage {
        name: "fuzz",
        about: "every fuzz target, for a bounded time",
        quick: false,
        run: native::fuzz,
    },
    Stage {
        name: "setup",
        about: "what the web client's build needs is found or installed",
        quick: false,
        run: wasm::setup,
    },
    Stage {
        name: "clippy-wasm",
        about: "no warning in the web client",
        quick: false,
        run: wasm::clippy,
    },
    Stage {
        name: "wasm",
        about: "the web client's own tests, in a real browser",
        quick: false,
        run: wasm::tests,
    },
    Stage {
        name: "build",
        about: "web client, gateway and command-line client in release",
        quick: false,
        run: browser::build,
    },
    Stage {
        name: "size",
        about: "the web client, compressed, stays under its limit",
        quick: false,
        run: browser::size,
    },
    Stage {
        name: "e2e",
        about: "Playwright: people in a real browser against the real gateway",
        quick: false,
        run: browser::end_to_end,
    },
    Stage {
        name: "deny",
        about: "dependencies: sources, licences, bans, advisories",
        quick: false,
        run: dependencies::deny,
    },
];

/// What stages share.
struct Ground<'a> {
    workspace: &'a Workspace,
    web: OnceCell<Result<WebTools, String>>,
}

impl Ground<'_> {
    /// The tools of the web build, set up once.
    fn web(&self) -> Result<&WebTools> {
        self.web
            .get_or_init(|| setup::web(self.workspace).map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|error| anyhow!("{error}"))
    }
}

/// How a stage ended.
#[derive(Debug)]
struct Outcome {
    verdict: Verdict,
    counts: Option<Counts>,
    findings: Vec<Finding>,
    note: String,
}

impl Outcome {
    /// A check that is no test runner.
    fn check(success: bool, note: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::of(success),
            counts: None,
            findings: Vec::new(),
            note: note.into(),
        }
    }

    /// A test runner's result.
    fn tests(success: bool, counts: Counts, findings: Vec<Finding>) -> Self {
        let flaky = findings.iter().filter(|finding| finding.flaky).count();
        let note = match flaky {
            0 => String::new(),
            flaky => format!("{flaky} held at the second attempt only"),
        };
        Self {
            verdict: Verdict::of(success && counts.failed == 0),
            counts: Some(counts),
            findings,
            note,
        }
    }

    /// The result of `cargo test`.
    fn libtest(stage: &str, finished: &Finished) -> Self {
        let counts = counts::of_libtest(&finished.text);
        let findings = findings::of_libtest(&finished.text);
        Self::tests(finished.success, counts, findings).with_errors(stage, &finished.text)
    }

    /// What cargo says is wrong, unless tests have said it.
    fn with_errors(mut self, stage: &str, text: &str) -> Self {
        if self.verdict == Verdict::Failed && self.findings.iter().all(|finding| finding.flaky) {
            self.findings.extend(findings::of_cargo(stage, text));
        }
        self
    }
}

/// Runs the stages that are asked for; true if all is well.
pub(crate) fn command(workspace: &Workspace, arguments: &[String]) -> Result<bool> {
    if arguments.iter().any(|argument| argument == "--list") {
        for stage in &STAGES {
            let mark = if stage.quick { "quick" } else { "" };
            println!("{:<12} {:<6} {}", stage.name, mark, stage.about);
        }
        return Ok(true);
    }
    let stages = choose(arguments)?;
    let ground = Ground {
        workspace,
        web: OnceCell::new(),
    };
    let rows: Vec<Row> = stages
        .into_iter()
        .map(|stage| run(stage, &ground))
        .collect();
    print!("{}", summary::table(&rows));
    Ok(rows.iter().all(|row| row.verdict != Verdict::Failed))
}

fn choose(arguments: &[String]) -> Result<Vec<&'static Stage>> {
    let (options, names): (Vec<_>, Vec<_>) = arguments
        .iter()
        .partition(|argument| argument.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| option.as_str() != "--quick") {
        bail!("`cargo xtask test` has no option {unknown}; it has --quick and --list");
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| STAGES.iter().all(|stage| stage.name != name.as_str()))
    {
        bail!("there is no stage `{unknown}`; `cargo xtask test --list` names them");
    }
    Ok(STAGES
        .iter()
        .filter(|stage| match (names.is_empty(), options.is_empty()) {
            (true, true) => true,
            (true, false) => stage.quick,
            (false, _) => names.iter().any(|name| *name == stage.name),
        })
        .collect())
}

fn run(stage: &Stage, ground: &Ground<'_>) -> Row {
    println!("\n== {}: {}", stage.name, stage.about);
    let start = Instant::now();
    let outcome =
        (stage.run)(ground).unwrap_or_else(|error| Outcome::check(false, format!("{error:#}")));
    Row {
        stage: stage.name,
        verdict: outcome.verdict,
        seconds: start.elapsed().as_secs_f64(),
        counts: outcome.counts,
        findings: outcome.findings,
        note: outcome.note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Vec<&'static str> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let stages = choose(&arguments).unwrap();
        stages.into_iter().map(|stage| stage.name).collect()
    }

    #[test]
    fn stages_are_chosen_by_name_or_all() {
        assert_eq!(names(&[]).len(), STAGES.len());
        assert_eq!(names(&["--quick"]), ["fmt", "clippy", "unit", "doc"]);
        assert_eq!(names(&["e2e", "fmt"]), ["fmt", "e2e"]);
    }

    #[test]
    fn unknown_words_are_refused() {
        assert!(choose(&["nothing".to_owned()]).is_err());
        assert!(choose(&["--fast".to_owned()]).is_err());
    }
}
