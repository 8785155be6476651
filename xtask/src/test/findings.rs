//! Which tests failed and why, read from what the runners say.

use serde_json::Value;

/// Lines of an error that are repeated at the end; the rest stands where the test ran.
const ERROR_LINES: usize = 4;
/// Columns of such a line.
const ERROR_COLUMNS: usize = 160;

/// Something that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// It did not hold at first and held at the next attempt.
    pub(super) flaky: bool,
    /// The test's name, with the file where that helps.
    pub(super) name: String,
    /// The first lines of what it said.
    pub(super) error: Vec<String>,
}

impl Finding {
    fn failed(name: &str, error: Vec<String>) -> Self {
        Self {
            flaky: false,
            name: name.to_owned(),
            error,
        }
    }
}

/// Reads the sections `---- NAME stdout ----` (libtest) and `---- NAME output ----` (wasm-bindgen),
/// and the names that stand in the closing list only.
pub(super) fn of_libtest(text: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut lines = text.lines().peekable();
    let mut is_list = false;
    while let Some(line) = lines.next() {
        if let Some(name) = section(line) {
            let mut said = Vec::new();
            while let Some(line) =
                lines.next_if(|line| section(line).is_none() && !matches!(line.trim(), "failures:"))
            {
                said.push(line);
            }
            findings.push(Finding::failed(name, error_lines(&said)));
        } else if line.trim() == "failures:" {
            is_list = true;
        } else if line.contains("test result: ") {
            is_list = false;
        } else if let (true, Some(name)) = (is_list, line.strip_prefix("    "))
            && findings.iter().all(|finding| finding.name != name)
        {
            findings.push(Finding::failed(name, Vec::new()));
        }
    }
    findings
}

fn section(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("---- ")?.strip_suffix(" ----")?;
    name.strip_suffix(" stdout")
        .or_else(|| name.strip_suffix(" output"))
}

/// Reads the list below nextest's summary (`FAIL [ 0.1s] (1/9) crate tests::name`), and what each
/// of them said where it ran.
pub(super) fn of_nextest(text: &str) -> Vec<Finding> {
    let lines: Vec<&str> = text.lines().collect();
    let is_summary = |line: &&str| line.trim_start().starts_with("Summary [");
    let Some(summary) = lines.iter().rposition(is_summary) else {
        return Vec::new();
    };
    let (ran, listed) = lines.split_at(summary);
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in ran {
        match (status(line), sections.last_mut()) {
            (Some((_, name)), _) => sections.push((name, Vec::new())),
            (None, Some((_, said))) => said.push(line),
            (None, None) => {}
        }
    }
    let finding = |(words, name): (&str, &str)| Finding {
        flaky: words.starts_with("FLAKY"),
        name: name.to_owned(),
        error: sections
            .iter()
            .filter(|section| section.0 == name)
            .map(|section| error_lines(&section.1))
            .find(|lines| !lines.is_empty())
            .unwrap_or_default(),
    };
    let listed = listed.iter().skip(1).filter_map(|line| status(line));
    listed.map(finding).collect()
}

/// The words of nextest's line about a test (`FAIL`, `TRY 2 FAIL`, `FLAKY 2/2`), and its name.
fn status(line: &str) -> Option<(&str, &str)> {
    let (words, rest) = line.split_once(" [")?;
    let (seconds, name) = rest.split_once("s] ")?;
    let is_word = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || " -/".contains(it);
    let is_time = |it: char| it.is_ascii_digit() || " .>".contains(it);
    if !words.chars().all(is_word) || !seconds.chars().all(is_time) {
        return None;
    }
    // Which of how many it is.
    let name = match name.trim().strip_prefix('(') {
        Some(numbered) => numbered.split_once(") ")?.1,
        None => name,
    };
    Some((words.trim(), name.trim()))
}

/// Reads Playwright's JSON report.
pub(super) fn of_playwright(report: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Ok(report) = serde_json::from_str::<Value>(report) else {
        return findings;
    };
    for error in list(&report, "errors") {
        let error = message_lines(error);
        findings.push(Finding::failed("Playwright itself", error));
    }
    let mut suites: Vec<(String, &Value)> = list(&report, "suites")
        .iter()
        .rev()
        .map(|suite| (String::new(), suite))
        .collect();
    while let Some((path, suite)) = suites.pop() {
        for spec in list(suite, "specs") {
            let name = format!("{path}{}", text(spec, "title"));
            findings.extend(list(spec, "tests").iter().filter_map(|test| {
                let flaky = match text(test, "status") {
                    "unexpected" => false,
                    "flaky" => true,
                    _ => return None,
                };
                let mut errors = list(test, "results")
                    .iter()
                    .flat_map(|it| list(it, "errors"));
                let file = text(spec, "file");
                let error = errors.next();
                let line = error
                    .and_then(|it| it.get("location"))
                    .filter(|it| text(it, "file").ends_with(file))
                    .unwrap_or(spec)
                    .get("line")
                    .and_then(Value::as_u64)
                    .unwrap_or(0);
                Some(Finding {
                    flaky,
                    name: format!("{file}:{line} {name}"),
                    error: error.map(message_lines).unwrap_or_default(),
                })
            }));
        }
        for inner in list(suite, "suites").iter().rev() {
            suites.push((format!("{path}{} > ", text(inner, "title")), inner));
        }
    }
    findings
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What an error of Playwright says, without the log of what it tried: that holds what was typed.
fn message_lines(error: &Value) -> Vec<String> {
    let message = plain(text(error, "message"));
    let lines = message.lines();
    let said: Vec<&str> = lines.take_while(|line| *line != "Call log:").collect();
    error_lines(&said)
}

/// Where rustc, cargo or clippy say what is wrong, if no test does.
pub(super) fn of_cargo(stage: &str, text: &str) -> Vec<Finding> {
    let is_error = |line: &&str| line.starts_with("error") || line.starts_with("Diff in ");
    let said: Vec<&str> = text.lines().skip_while(|line| !is_error(line)).collect();
    if said.is_empty() {
        return Vec::new();
    }
    vec![Finding::failed(stage, error_lines(&said))]
}

/// The first lines that say something; from the panic on, if there is one.
fn error_lines(said: &[&str]) -> Vec<String> {
    let is_panic = |line: &&str| line.contains(" panicked at ") || line.starts_with("panicked at ");
    let begin = said.iter().position(|line| is_panic(&line.trim_start()));
    said.iter()
        .skip(begin.unwrap_or(0))
        .map(|line| line.trim())
        .take_while(|line| *line != "stack backtrace:")
        .filter(|line| !is_noise(line))
        .take(ERROR_LINES)
        .map(|line| line.chars().take(ERROR_COLUMNS).collect())
        .collect()
}

/// Lines that runners add around what a test says.
fn is_noise(line: &str) -> bool {
    line.is_empty()
        || line == "failures:"
        || line.ends_with("───")
        || line.ends_with(" output:")
        || (line.starts_with("running ") && line.contains(" test"))
        || (line.starts_with("test ") && line.ends_with(" FAILED"))
        || line.starts_with("note: run with `RUST_BACKTRACE")
}

/// Without colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut plain, part| {
        let end = part.find(|it: char| it.is_ascii_alphabetic());
        plain.push_str(end.and_then(|end| part.get(end + 1..)).unwrap_or_default());
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings
            .iter()
            .map(|it| format!("{}: {}", it.name, it.error.join(" | ")))
            .collect()
    }

    #[test]
    fn libtest_failures_are_named_with_their_reason() {
        let text = "\
test tests::errs ... FAILED
failures:

---- tests::errs stdout ----
Error: \"boom\"

---- src/lib.rs - x (line 1) stdout ----
Test executable failed (exit status: 101).

thread 'main' (5) panicked at /tmp/doctest.rs:6:1:
assertion `left == right` failed
  left: 1
 right: 2
stack backtrace:
   0: __rustc::rust_begin_unwind

    ---- web::tests::breaks output ----
        error output:
            panicked at web-client/src/lib.rs:3:5:
            told

failures:

    tests::errs
    src/lib.rs - x (line 1)
    web::tests::breaks
    tests::silent

test result: FAILED. 0 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out
";
        assert_eq!(
            shown(&of_libtest(text)),
            [
                "tests::errs: Error: \"boom\"",
                "src/lib.rs - x (line 1): thread 'main' (5) panicked at /tmp/doctest.rs:6:1: \
                 | assertion `left == right` failed | left: 1 | right: 2",
                "web::tests::breaks: panicked at web-client/src/lib.rs:3:5: | told",
                "tests::silent: ",
            ]
        );
        assert!(of_libtest("test result: ok. 3 passed; 0 failed").is_empty());
    }

    #[test]
    fn nextest_failures_are_named_with_their_reason() {
        let text = "\
        SLOW [> 60.000s] (───) nx tests::fails
        PASS [   0.010s] (1/2) nx tests::holds
        FAIL [   0.252s] (2/2) nx tests::fails
  stdout ───

    running 1 test
    some output
    test tests::fails ... FAILED

    failures:

    failures:
        tests::fails

    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 4 filtered out

  stderr ───

    thread 'tests::fails' (9) panicked at src/lib.rs:7:51:
    the numbers
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
  TRY 1 FAIL [   0.727s] (───) nx tests::once
  stderr ───
    Error: \"first\"
  TRY 2 PASS [   0.013s] (3/5) nx tests::once
────────────
     Summary [   0.953s] 3 tests run: 2 passed (1 flaky), 1 failed, 0 skipped
   FLAKY 2/2 [   0.013s] (3/3) nx tests::once
        FAIL [   0.252s] (2/2) nx tests::fails
error: test run failed
";
        let findings = of_nextest(text);
        assert_eq!(
            shown(&findings),
            [
                "nx tests::once: Error: \"first\"",
                "nx tests::fails: thread 'tests::fails' (9) panicked at src/lib.rs:7:51: \
                 | the numbers",
            ]
        );
        assert!(findings.iter().map(|it| it.flaky).eq([true, false]));
    }

    #[test]
    fn playwright_failures_are_named_without_what_was_typed() {
        let report = r#"{"errors": [], "suites": [{"title": "tabs.spec.ts", "specs": [
            {"title": "holds", "file": "tabs.spec.ts", "line": 3, "tests": [
                {"status": "expected", "results": [{"errors": []}]}]},
            {"title": "breaks", "file": "tabs.spec.ts", "line": 9, "tests": [
                {"status": "unexpected", "results": [{"errors": [{
                    "location": {"file": "/x/tabs.spec.ts", "line": 12},
                    "message": "\u001b[31mError: no\u001b[39m\n\nat all\n\nCall log:\n fill(\"pw\")"
                }]}]}]}],
            "suites": [{"title": "inner", "specs": [
                {"title": "wavers", "file": "tabs.spec.ts", "line": 20, "tests": [
                    {"status": "flaky", "results": [
                        {"errors": [{"message": "late"}]}, {"errors": []}]}]}]}]}]}"#;
        let findings = of_playwright(report);
        assert_eq!(
            shown(&findings),
            [
                "tabs.spec.ts:12 breaks: Error: no | at all",
                "tabs.spec.ts:20 inner > wavers: late",
            ]
        );
        assert!(findings.iter().map(|it| it.flaky).eq([false, true]));
        let broken = r#"{"errors": [{"message": "SyntaxError: x"}], "suites": []}"#;
        assert_eq!(
            shown(&of_playwright(broken)),
            ["Playwright itself: SyntaxError: x"]
        );
    }

    #[test]
    fn what_does_not_compile_is_shown() {
        let text =
            "   Compiling x\nwarning: y\nerror[E0308]: mismatched types\n --> src/a.rs:3:4\n";
        assert_eq!(
            shown(&of_cargo("clippy", text)),
            ["clippy: error[E0308]: mismatched types | --> src/a.rs:3:4"]
        );
        assert!(of_cargo("clippy", "    Finished").is_empty());
    }
}
