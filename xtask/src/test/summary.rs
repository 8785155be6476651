//! The table at the end, what did not hold, and the line that closes it.

use std::fmt::Write;

use super::counts::Counts;
use super::findings::Finding;

/// Lines that findings may take: who keeps only the end of the output shall see them all.
const FINDINGS_LINES: usize = 36;

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is well.
    Passed,
    /// Something is wrong.
    Failed,
}

impl Verdict {
    pub(super) const fn of(success: bool) -> Self {
        if success { Self::Passed } else { Self::Failed }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed => "FAILED",
        }
    }
}

/// One stage's line.
#[derive(Debug)]
pub(super) struct Row {
    /// Its name.
    pub(super) stage: &'static str,
    /// How it ended.
    pub(super) verdict: Verdict,
    /// How long it took.
    pub(super) seconds: f64,
    /// Its tests, if it runs any.
    pub(super) counts: Option<Counts>,
    /// What did not hold in it.
    pub(super) findings: Vec<Finding>,
    /// Anything that the reader should know.
    pub(super) note: String,
}

/// The table, after it what did not hold, and a line with the sum of all tests. A stage that failed without a test
/// that failed counts as one failure, so that the line never says 0 when something is wrong.
pub(super) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "\n{:<12} {:<7} {:>8} {:>7} {:>7} {:>8}  {}\n",
        "stage", "result", "seconds", "passed", "failed", "skipped", "note"
    );
    let mut sum = Counts::default();
    for row in rows {
        let columns = match row.counts {
            Some(counts) => [counts.passed, counts.failed, counts.skipped].map(|n| n.to_string()),
            None => ["-", "-", "-"].map(str::to_owned),
        };
        let [passed, failed, skipped] = columns;
        let line = format!(
            "{:<12} {:<7} {:>8.1} {passed:>7} {failed:>7} {skipped:>8}  {}",
            row.stage,
            row.verdict.word(),
            row.seconds,
            row.note.replace('\n', " ")
        );
        let _ = writeln!(text, "{}", line.trim_end());
        let mut counts = row.counts.unwrap_or_default();
        if row.verdict == Verdict::Failed && counts.failed == 0 {
            counts.failed = 1;
        }
        sum += counts;
    }
    text.push_str(&findings(rows));
    let _ = write!(text, "\n{} passed, {} failed", sum.passed, sum.failed);
    if sum.skipped > 0 {
        let _ = write!(text, ", {} skipped", sum.skipped);
    }
    text.push('\n');
    text
}

/// Every test that did not hold, those that never did first: with its reason, if there is room for
/// all reasons.
fn findings(rows: &[Row]) -> String {
    let mut all: Vec<(&Row, &Finding)> = rows
        .iter()
        .flat_map(|row| row.findings.iter().map(move |finding| (row, finding)))
        .collect();
    all.sort_by_key(|(_, finding)| finding.flaky);
    let lines = |(_, finding): &(&Row, &Finding)| 1 + finding.error.len();
    let has_room = all.iter().map(lines).sum::<usize>() <= FINDINGS_LINES;
    let mut text = String::new();
    for (row, finding) in all.iter().take(FINDINGS_LINES) {
        let word = if finding.flaky { "FLAKY" } else { "FAILED" };
        let _ = write!(text, "\n{word:<6} {}: {}", row.stage, finding.name);
        for line in finding.error.iter().filter(|_| has_room) {
            let _ = write!(text, "\n       {line}");
        }
    }
    if let Some(more @ 1..) = all.len().checked_sub(FINDINGS_LINES) {
        let _ = write!(text, "\nand {more} more");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(stage: &'static str, success: bool, counts: Option<Counts>) -> Row {
        Row {
            stage,
            verdict: Verdict::of(success),
            seconds: 1.25,
            counts,
            findings: Vec::new(),
            note: String::new(),
        }
    }

    fn finding(flaky: bool, name: &str) -> Finding {
        Finding {
            flaky,
            name: name.to_owned(),
            error: vec!["because".to_owned()],
        }
    }

    fn closing(rows: &[Row]) -> String {
        table(rows).lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn closing_line_adds_up_the_tests() {
        let counts = |passed, failed, skipped| {
            Some(Counts {
                passed,
                failed,
                skipped,
            })
        };
        let rows = [
            row("fmt", true, None),
            row("unit", true, counts(10, 0, 0)),
            row("e2e", false, counts(4, 2, 0)),
        ];
        assert_eq!(closing(&rows), "14 passed, 2 failed");
        let rows = [row("unit", true, counts(1, 0, 3))];
        assert_eq!(closing(&rows), "1 passed, 0 failed, 3 skipped");
    }

    #[test]
    fn a_failed_check_is_never_closed_with_0_failed() {
        assert_eq!(closing(&[row("fmt", false, None)]), "0 passed, 1 failed");
    }

    #[test]
    fn what_did_not_hold_stands_before_the_closing_line() {
        let counts = Some(Counts {
            passed: 4,
            failed: 1,
            skipped: 0,
        });
        let mut row = row("e2e", false, counts);
        row.findings = vec![finding(true, "wavers"), finding(false, "breaks")];
        let end = "\nFAILED e2e: breaks\n       because\nFLAKY  e2e: wavers\n       because\n\
            \n4 passed, 1 failed\n";
        let text = table(&[row]);
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn many_findings_are_named_without_their_reasons() {
        let mut row = row("unit", false, None);
        row.findings = vec![finding(false, "breaks"); FINDINGS_LINES + 3];
        let text = findings(&[row]);
        assert_eq!(text.lines().count(), 1 + FINDINGS_LINES + 1);
        assert!(text.ends_with("\nand 3 more\n"), "{text}");
    }
}
