//! A QR code as text: two modules in a character.

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code (ISO/IEC 18004, 6.3.8).
const QUIET: i32 = 4;

/// Black on white, whatever colours the terminal has: some scanners read no inverted codes.
const COLOURS: &str = "\x1b[30;107m";
const PLAIN: &str = "\x1b[0m";

/// Draws a text; nothing if it is too long for a QR code.
pub(super) fn draw(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let mut out = String::new();
    for line in half_blocks(&code) {
        out.push_str(&format!("{COLOURS}{line}{PLAIN}\n"));
    }
    Some(out)
}

fn half_blocks(code: &QrCode) -> Vec<String> {
    let end = code.size() + QUIET;
    let line = |y: i32| {
        (-QUIET..end)
            .map(
                |x| match (code.get_module(x, y), code.get_module(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                },
            )
            .collect()
    };
    (-QUIET..end).step_by(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_drawn_where_it_stands() {
        let code = QrCode::encode_text("sotto:verify:1:", QrCodeEcc::Low).unwrap();
        let lines = half_blocks(&code);
        for y in -QUIET..code.size() + QUIET {
            let line: Vec<char> = lines[usize::try_from((y + QUIET) / 2).unwrap()]
                .chars()
                .collect();
            for x in -QUIET..code.size() + QUIET {
                let c = line[usize::try_from(x + QUIET).unwrap()];
                let is_dark = match (y + QUIET) % 2 {
                    0 => matches!(c, '█' | '▀'),
                    _ => matches!(c, '█' | '▄'),
                };
                assert_eq!(is_dark, code.get_module(x, y), "{x} {y}");
            }
        }
    }

    #[test]
    fn a_safety_code_fits_a_terminal_of_80_columns() {
        let text = format!("sotto:verify:1:{}", "A".repeat(128));
        let drawn = draw(&text).unwrap();
        let widest = drawn
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap();
        assert!(widest - COLOURS.len() - PLAIN.len() <= 80, "{widest}");
        assert!(drawn.lines().count() <= 32, "{}", drawn.lines().count());
    }

    #[test]
    fn text_that_no_code_holds_is_not_drawn() {
        assert!(draw(&"A".repeat(10_000)).is_none());
    }
}
