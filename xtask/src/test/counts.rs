//! How many tests passed and failed, read from what the runners say.

use std::ops::AddAssign;

use serde_json::Value;

/// Tests of one runner or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Ran and held.
    pub(super) passed: u64,
    /// Ran and did not hold.
    pub(super) failed: u64,
    /// Did not run.
    pub(super) skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Adds up every `test result: …` line of cargo's and wasm-bindgen's runners.
pub(super) fn of_libtest(text: &str) -> Counts {
    let mut counts = Counts::default();
    for line in text.lines() {
        let Some((_, result)) = line.split_once("test result: ") else {
            continue;
        };
        counts += Counts {
            passed: number_before(result, " passed"),
            failed: number_before(result, " failed"),
            skipped: number_before(result, " ignored"),
        };
    }
    counts
}

/// Reads nextest's summary: `Summary [ 1.2s] 9 tests run: 7 passed (1 slow), 2 failed, 3 skipped`.
pub(super) fn of_nextest(text: &str) -> Option<Counts> {
    let summary = text
        .lines()
        .rev()
        .find(|line| line.trim_start().starts_with("Summary ["))?;
    let (_, results) = summary.split_once(" run: ")?;
    Some(Counts {
        passed: number_before(results, " passed"),
        failed: ["failed", "exec failed", "timed out"]
            .iter()
            .map(|word| number_before(results, &format!(" {word}")))
            .sum(),
        skipped: number_before(results, " skipped"),
    })
}

/// Reads the `stats` of Playwright's JSON report.
pub(super) fn of_playwright(report: &str) -> Option<Counts> {
    let report: Value = serde_json::from_str(report).ok()?;
    let number = |name| report.get("stats")?.get(name)?.as_u64();
    Some(Counts {
        // A test that held at the second attempt counts as one that holds.
        passed: number("expected")? + number("flaky")?,
        failed: number("unexpected")?,
        skipped: number("skipped")?,
    })
}

/// The number in front of the first occurrence of some words; 0 if they do not occur.
fn number_before(text: &str, words: &str) -> u64 {
    text.match_indices(words)
        .find_map(|(end, _)| {
            text.get(..end)?
                .rsplit(|character: char| !character.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn libtest_lines_add_up() {
        let text = "running 3 tests\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.0s\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 5 filtered out\n\
            all doctests ran in 0.2s\n";
        assert_eq!(of_libtest(text), counts(5, 1, 1));
        assert_eq!(of_libtest("no tests to run!"), counts(0, 0, 0));
    }

    #[test]
    fn nextest_summaries_are_read() {
        let cases = [
            (
                "     Summary [   0.003s] 12 tests run: 11 passed (1 leaky), 1 failed, 2 skipped\n",
                counts(11, 1, 2),
            ),
            (
                "  Summary [  10.1s] 1/200 tests run: 0 passed, 1 timed out, 0 skipped",
                counts(0, 1, 0),
            ),
            (
                "Summary [ 4.5s] 3 tests run: 1 passed, 1 failed, 1 exec failed, 0 skipped",
                counts(1, 2, 0),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(of_nextest(text), Some(expected), "{text}");
        }
        assert_eq!(of_nextest("error: no such command"), None);
    }

    #[test]
    fn playwright_reports_are_read() {
        let report =
            r#"{"stats":{"duration":1.5,"expected":4,"skipped":1,"unexpected":2,"flaky":1}}"#;
        assert_eq!(of_playwright(report), Some(counts(5, 2, 1)));
        assert_eq!(of_playwright("{}"), None);
    }
}
