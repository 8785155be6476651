use proptest::prelude::*;
use sotto_shared::AccountId;

use super::*;
use Inline::{Break, Control, Link, Text};

fn bold(text: &str) -> Inline<'_> {
    Inline::Bold(vec![Text(text)])
}

fn italic(text: &str) -> Inline<'_> {
    Inline::Italic(vec![Text(text)])
}

fn code(text: &str) -> Inline<'_> {
    Inline::Code(vec![Text(text)])
}

/// The pieces of a text that is only lines.
fn lines(text: &str) -> Vec<Inline<'_>> {
    match blocks(text, &[]).as_slice() {
        [Block::Lines(inlines)] => inlines.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn marks_around_words_are_shown() {
    assert_eq!(lines("**a b**"), [bold("a b")]);
    assert_eq!(lines("*a* _b_"), [italic("a"), Text(" "), italic("b")]);
    assert_eq!(lines("a `b` c"), [Text("a "), code("b"), Text(" c")]);
    assert_eq!(
        lines("(*a*), **b**."),
        [Text("("), italic("a"), Text("), "), bold("b"), Text("."),]
    );
    assert_eq!(lines("***a***"), [Inline::Bold(vec![italic("a")])]);
    assert_eq!(
        lines("**a _b_ c**"),
        [Inline::Bold(vec![Text("a "), italic("b"), Text(" c"),])]
    );
}

#[test]
fn marks_without_counterpart_or_inside_of_words_are_text() {
    for text in [
        "2*3*4",
        "snake_case_name",
        "* a *",
        "**",
        "****",
        "*a",
        "a*",
        "__init__",
        "*a\nb*",
        "`a",
        "``",
        "_ _",
        "a ** b ** c",
        ":-* *",
        "``````",
        "```",
        "``` ```",
    ] {
        let joined: Vec<_> = lines(text)
            .into_iter()
            .map(|inline| match inline {
                Text(text) => text,
                Break => "\n",
                other => panic!("{text}: {other:?}"),
            })
            .collect();
        assert_eq!(joined.concat(), text);
    }
    assert_eq!(lines("*x and *y*"), [Text("*x and "), italic("y")]);
    assert_eq!(lines("**a *b** c*"), [bold("a *b"), Text(" c*")]);
}

#[test]
fn code_is_left_as_it_is() {
    assert_eq!(lines("`*a* https://x.y`"), [code("*a* https://x.y")]);
    assert_eq!(lines("``a`b``"), [code("a`b")]);
    assert_eq!(
        blocks("see ```let x = *p;\n> y``` ok", &[]),
        [
            Block::Lines(vec![Text("see ")]),
            Block::Code {
                language: "",
                code: vec![Text("let x = *p;"), Break, Text("> y")],
            },
            Block::Lines(vec![Text(" ok")]),
        ]
    );
    assert_eq!(
        blocks("a\n```rust\nfn x() {}\n```\nb", &[]),
        [
            Block::Lines(vec![Text("a")]),
            Block::Code {
                language: "rust",
                code: vec![Text("fn x() {}")],
            },
            Block::Lines(vec![Text("b")]),
        ]
    );
}

#[test]
fn quotes_begin_a_line() {
    assert_eq!(
        blocks("> a\n>**b**\nc > d\n\n> e", &[]),
        [
            Block::Quote(vec![Text("a"), Break, bold("b")]),
            Block::Lines(vec![Text("c > d"), Break]),
            Block::Quote(vec![Text("e")]),
        ]
    );
    assert_eq!(blocks(">", &[]), [Block::Quote(vec![])]);
    assert_eq!(blocks("", &[]), []);
}

#[test]
fn links_are_cut_out_of_sentences() {
    assert_eq!(
        lines("See https://example.org/a_b?b=c*d#d, or (HTTP://EXAMPLE.com:80/x_(y))."),
        [
            Text("See "),
            Link("https://example.org/a_b?b=c*d#d"),
            Text(", or ("),
            Link("HTTP://EXAMPLE.com:80/x_(y)"),
            Text(")."),
        ]
    );
    assert_eq!(
        lines("**https://x.y/**"),
        [Inline::Bold(vec![Link("https://x.y/")])]
    );
    assert_eq!(
        lines("https://ü.example!"),
        [Link("https://ü.example"), Text("!")]
    );
    assert_eq!(lines("http://[::1]:8000/x"), [Link("http://[::1]:8000/x")]);
}

#[test]
fn addresses_that_deceive_stay_text() {
    for text in [
        "javascript:alert(1)",
        "data:text/html,x",
        "xhttp://example.org",
        "http://",
        "https:///",
        "https://.",
        "ftp://example.org",
        "https://bank.example@evil.example/",
        "https://user:pass@evil.example/",
        "https://bank.example:443@evil.example",
        "https://\u{430}pple.example/",
        "https://evil.example%2f@x",
        "http://a..b/",
        "http://a:b/",
        "http://a:123456/",
    ] {
        assert!(
            lines(text).iter().all(|piece| !matches!(piece, Link(_))),
            "{text}: {:?}",
            lines(text)
        );
    }
    assert_eq!(
        lines("https://bank.example\\@evil.example"),
        [Link("https://bank.example"), Text("\\@evil.example")]
    );
    assert_eq!(
        lines("https://a.example/\u{202e}gpj"),
        [Link("https://a.example/"), Control('\u{202e}'), Text("gpj"),]
    );
}

#[test]
fn characters_that_hide_or_reorder_are_told_apart_from_text() {
    assert_eq!(
        lines("a\u{202e}b\u{1b}[2Jc\td"),
        [
            Text("a"),
            Control('\u{202e}'),
            Text("b"),
            Control('\u{1b}'),
            Text("[2Jc\td"),
        ]
    );
    assert_eq!(
        lines("`a\u{2066}b`"),
        [Inline::Code(vec![
            Text("a"),
            Control('\u{2066}'),
            Text("b")
        ])]
    );
}

const ALICE: AccountId = AccountId::from_bytes([1; 16]);

fn mention(start: u32, length: u32) -> Mention {
    Mention {
        account: ALICE,
        start,
        length,
    }
}

fn meant(text: &str) -> Inline<'_> {
    Inline::Mention {
        account: ALICE,
        text,
    }
}

#[test]
fn mentions_stand_where_they_say() {
    assert_eq!(
        blocks("hi @a_b_, **@c**", &[mention(3, 5), mention(12, 2)]),
        [Block::Lines(vec![
            Text("hi "),
            meant("@a_b_"),
            Text(", "),
            Inline::Bold(vec![meant("@c")]),
        ])]
    );
    assert_eq!(
        blocks("> @a\n@b", &[mention(2, 2), mention(5, 2)]),
        [
            Block::Quote(vec![meant("@a")]),
            Block::Lines(vec![meant("@b")]),
        ]
    );
}

#[test]
fn mentions_that_cannot_be_are_text() {
    for bad in [mention(1, 9), mention(9, 1), mention(0, 0), mention(2, 1)] {
        assert_eq!(
            blocks("a\né b", &[bad]),
            [Block::Lines(vec![Text("a"), Break, Text("é b"),])]
        );
    }
    assert_eq!(
        blocks("`@a`", &[mention(1, 2)]),
        [Block::Lines(vec![code("@a")])]
    );
}

#[test]
fn previews_have_no_marks_and_one_line() {
    assert_eq!(one_line("**a**\n> *b*\n```\nc\n```", &[], 100), "a b c");
    assert_eq!(one_line("a\u{202e}b", &[], 100), "ab");
    assert_eq!(one_line("ääää", &[], 8), "ääää");
    assert_eq!(one_line("äääää", &[], 8), "ää…");
    assert_eq!(one_line(&"a ".repeat(1_000), &[], 10), "a a a a…");
}

/// What is visible of the tree, and how deep it is.
fn walk(inlines: &[Inline<'_>], out: &mut String) -> usize {
    let depth = |inline: &Inline<'_>| match inline {
        Text(text) | Link(text) | Inline::Mention { text, .. } => {
            assert!(!text.contains('\n') && !text.contains(is_control));
            out.push_str(text);
            1
        }
        Break => {
            out.push('\n');
            1
        }
        Control(c) => {
            out.push(*c);
            1
        }
        Inline::Bold(inner) | Inline::Italic(inner) | Inline::Code(inner) => 1 + walk(inner, out),
    };
    inlines.iter().map(depth).max().unwrap_or(0)
}

fn shown(text: &str, mentions: &[Mention]) -> (String, usize) {
    let mut out = String::new();
    let mut deepest = 0;
    for block in blocks(text, mentions) {
        let inlines = match block {
            Block::Lines(inlines) | Block::Quote(inlines) => inlines,
            Block::Code { language, code } => {
                out.push_str(language);
                code
            }
        };
        deepest = deepest.max(1 + walk(&inlines, &mut out));
    }
    (out, deepest)
}

/// Without what may be a mark, or the space around one.
fn visible(text: &str) -> String {
    text.replace(
        ['*', '_', '`', '>', '\n', ' ', '\t', '\r', '\u{b}', '\u{c}'],
        "",
    )
}

proptest! {
    #[test]
    fn the_tree_loses_nothing_visible_and_is_shallow(
        text in "(\\PC|[*_`>\n ah]|\\*\\*|```|https?://a\\.b/?|@a){0,60}",
        places in proptest::collection::vec((0u32..80, 0u32..6), 0..6),
    ) {
        let mut places = places;
        places.sort_unstable();
        let mentions: Vec<_> = places.iter().map(|(start, length)| mention(*start, *length)).collect();
        let (out, depth) = shown(&text, &mentions);
        prop_assert_eq!(visible(&out), visible(&text));
        prop_assert!(depth <= DEPTH_MAX);
    }

    #[test]
    fn text_without_marks_is_shown_whole(text in "[a-zA-Z0-9 .,!?\n]{1,60}") {
        let (out, _) = shown(&text, &[]);
        prop_assert_eq!(out, text);
    }
}

#[test]
#[ignore = "measures time: for a quiet machine"]
fn hostile_text_takes_linear_time() {
    // Sixteen times the text takes about sixteen times as long, quadratic work would take 256 times.
    for piece in [
        "*",
        "**a ",
        "*a ",
        "_a* ",
        "`",
        "` ``",
        "``` ",
        "> ",
        ">\n",
        "http://",
        "https://a.b/)",
        "http://a:",
        "https://a)",
        "***a*** ",
        "*_",
        "\n",
        "a\u{202e}",
        "`a`` ",
        "[",
        "https://a.b/x)])",
    ] {
        let time = |size: usize| {
            let text = piece.repeat(size / piece.len());
            let start = std::time::Instant::now();
            let blocks = blocks(&text, &[]);
            (start.elapsed(), blocks.len())
        };
        let best = |size| (0..3).map(|_| time(size)).min().unwrap();
        let (small, _) = best(16 * 1024);
        let (large, _) = best(256 * 1024);
        let bound = small * 64 + core::time::Duration::from_millis(100);
        assert!(large <= bound, "{piece:?}: {small:?} {large:?}");
    }
}
