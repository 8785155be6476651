//! Figures, for people and for programs.

use core::fmt;

use serde::Serialize;

/// One run's figures.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    command: &'static str,
    figures: Vec<Figure>,
}

#[derive(Debug, Serialize)]
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<Aim>,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// At least this.
    AtLeast(f64),
    /// Less than this.
    Under(f64),
}

impl Aim {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::Under(bound) => value < bound,
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "at least {bound}"),
            Self::Under(bound) => write!(f, "under {bound}"),
        }
    }
}

impl Report {
    pub(crate) fn new(command: &'static str) -> Self {
        Self {
            command,
            figures: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.push(name.into(), value, unit, None);
    }

    pub(crate) fn add_with_aim(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        aim: Aim,
    ) {
        self.push(name.into(), value, unit, Some(aim));
    }

    fn push(&mut self, name: String, value: f64, unit: &'static str, aim: Option<Aim>) {
        let value = (value * 100.0).round() / 100.0;
        self.figures.push(Figure {
            name,
            value,
            unit,
            aim,
        });
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name_width = self
            .figures
            .iter()
            .map(|figure| figure.name.chars().count())
            .max()
            .unwrap_or(0);
        for figure in &self.figures {
            let value = grouped(figure.value);
            write!(
                f,
                "{:<name_width$}  {value:>12} {:<9}",
                figure.name, figure.unit
            )?;
            if let Some(aim) = figure.aim {
                let verdict = if aim.is_met(figure.value) {
                    "met"
                } else {
                    "MISSED"
                };
                write!(f, "  aim {aim}: {verdict}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// A number as people read it: thousands apart, decimals only where they say something.
fn grouped(value: f64) -> String {
    if value.abs() < 1000.0 {
        return format!("{value}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count as a figure. Exact up to 2^53.
pub(crate) fn number(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a bounded run are far below 2^53"
    )]
    let value = count as f64;
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(999.5), "999.5");
        assert_eq!(grouped(1000.0), "1,000");
        assert_eq!(grouped(-1_234_567.8), "-1,234,568");
    }

    #[test]
    fn a_missed_aim_is_said() {
        let mut report = Report::new("test");
        report.add_with_aim("ratio", 59.0, "%", Aim::AtLeast(60.0));
        report.add_with_aim("p99", 49.0, "ms", Aim::Under(50.0));
        let text = report.to_string();
        assert!(text.contains("at least 60: MISSED"), "{text}");
        assert!(text.contains("under 50: met"), "{text}");
        assert!(
            report
                .to_json()
                .contains(r#"{"name":"p99","value":49.0,"unit":"ms","aim":{"under":50.0}}"#)
        );
    }
}
