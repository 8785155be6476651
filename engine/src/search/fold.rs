//! What a text comes down to when it is looked for: words without case, accents and punctuation.
//!
//! That is Unicode's compatibility decomposition without its marks, in lower case, for Latin, Greek
//! and Cyrillic letters (checked against the Unicode tables in the tests), and beyond it what people
//! type for letters that do not decompose: `ø` is `o`, `ß` is `ss`. The tables here are 1 KiB; those
//! of the whole of Unicode would be a hundred times as much in the web client.

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Folded.
    pub(super) folded: String,
    /// Its first byte in the text.
    pub(super) start: usize,
    /// For each byte of `folded`: the end, in the text, of the character that it comes from, with the
    /// marks upon it.
    pub(super) ends: Vec<usize>,
}

/// The words of a text, each with a blank before it.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 1);
    let mut inside = false;
    for c in text.chars() {
        letters(c, |kind, letter| match kind {
            Kind::Mark => {}
            Kind::Gap => inside = false,
            Kind::Letter | Kind::Alone => {
                if !inside || kind == Kind::Alone {
                    folded.push(' ');
                }
                folded.push_str(letter);
                inside = kind == Kind::Letter;
            }
        });
    }
    folded
}

/// The words of a text with their places in it.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut inside = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        letters(c, |kind, letter| match (kind, words.last_mut()) {
            (Kind::Gap, _) => inside = false,
            (Kind::Mark, Some(word)) if inside => {
                // A mark is shown with the letter before it.
                let same = word.ends.last().copied();
                let last = word.ends.iter_mut().rev();
                last.take_while(|it| Some(**it) == same)
                    .for_each(|it| *it = end);
            }
            (Kind::Mark, _) => {}
            (Kind::Letter, Some(word)) if inside => {
                word.folded.push_str(letter);
                word.ends.resize(word.folded.len(), end);
            }
            (Kind::Letter | Kind::Alone, _) => {
                words.push(Word {
                    folded: letter.to_owned(),
                    start: at,
                    ends: vec![end; letter.len()],
                });
                inside = kind == Kind::Letter;
            }
        });
    }
    words
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Part of a word.
    Letter,
    /// A word by itself: in scripts that put no blanks between words.
    Alone,
    /// An accent, which does not count.
    Mark,
    /// Between words.
    Gap,
}

/// Calls `with` for what one character comes down to.
fn letters(c: char, mut with: impl FnMut(Kind, &str)) {
    if c.is_ascii_alphanumeric() {
        return with(
            Kind::Letter,
            c.to_ascii_lowercase().encode_utf8(&mut [0; 4]),
        );
    }
    if c.is_ascii() {
        return with(Kind::Gap, "");
    }
    for lower in half_width(c).to_lowercase() {
        let base = base(lower);
        if let Some(several) = several(base) {
            with(Kind::Letter, several);
        } else if is_mark(base) {
            with(Kind::Mark, "");
        } else if is_alone(base) {
            with(Kind::Alone, base.encode_utf8(&mut [0; 4]));
        } else if base.is_alphanumeric() {
            with(Kind::Letter, base.encode_utf8(&mut [0; 4]));
        } else {
            with(Kind::Gap, "");
        }
    }
}

/// U+00C0 to U+024F; a full stop where nothing changes, or where there is a lower case to go first.
const LATIN: &[u8; 400] = b"................................aaaaaa.ceeeeiiiidnooooo.ouuuuy.y.a.a.a.c.c.c.c.d.d.e.e.e.e.e.g.g.g.g.h.h.i.i.i.i.i...j.k..l.l.l...l.n.n.n..n.o.o.o...r.r.r.s.s.s.s.t.t.t.u.u.u.u.u.u.w.y..z.z.zsb.......c.........f......kl...n..o...p.......t..u...y.z.......................a.i.o.u.u.u.u.u..a.a...g.g.k.o.o..j....g...n.a.....a.a.e.e.i.i.o.o.r.r.u.u.s.t...h.....z.a.e.o.o.o.o.y........c..........e.j...r.y";

/// U+1E00 to U+1EFF.
const LATIN_MORE: &[u8; 256] = b".a.b.b.b.c.d.d.d.d.d.e.e.e.e.e.f.g.h.h.h.h.h.i.i.k.k.k.l.l.l.l.m.m.m.n.n.n.n.o.o.o.o.p.p.r.r.r.r.s.s.s.s.s.t.t.t.t.u.u.u.u.u.v.v.w.w.w.w.w.x.x.y.z.z.zhtwy.s.....a.a.a.a.a.a.a.a.a.a.a.a.e.e.e.e.e.e.e.e.i.i.o.o.o.o.o.o.o.o.o.o.o.o.u.u.u.u.u.u.u.y.y.y.y......";

/// The letter below the accents of one in lower case.
fn base(c: char) -> char {
    let dense = |table: &[u8], first: u32| {
        let index = (c as u32).checked_sub(first)?;
        table
            .get(index as usize)
            .filter(|it| **it != b'.')
            .map(|it| char::from(*it))
    };
    match c {
        '\u{c0}'..='\u{24f}' => dense(LATIN, 0xc0).unwrap_or(c),
        '\u{1e00}'..='\u{1eff}' => dense(LATIN_MORE, 0x1e00).unwrap_or(c),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => greek(c),
        '\u{430}'..='\u{52f}' => cyrillic(c),
        c => c,
    }
}

fn greek(c: char) -> char {
    match c {
        'ά'
        | '\u{1f00}'..='\u{1f07}'
        | '\u{1f70}'
        | '\u{1f71}'
        | '\u{1f80}'..='\u{1f87}'
        | '\u{1fb0}'..='\u{1fb7}' => 'α',
        'ϐ' => 'β',
        'έ' | 'ϵ' | '\u{1f10}'..='\u{1f15}' | '\u{1f72}' | '\u{1f73}' => 'ε',
        'ή'
        | '\u{1f20}'..='\u{1f27}'
        | '\u{1f74}'
        | '\u{1f75}'
        | '\u{1f90}'..='\u{1f97}'
        | '\u{1fc2}'..='\u{1fc7}' => 'η',
        'ϑ' => 'θ',
        'ΐ'
        | 'ί'
        | 'ϊ'
        | '\u{1f30}'..='\u{1f37}'
        | '\u{1f76}'
        | '\u{1f77}'
        | '\u{1fbe}'
        | '\u{1fd0}'..='\u{1fd7}' => 'ι',
        'ϰ' => 'κ',
        'ό' | '\u{1f40}'..='\u{1f45}' | '\u{1f78}' | '\u{1f79}' => 'ο',
        'ϖ' => 'π',
        'ϱ' | '\u{1fe4}' | '\u{1fe5}' => 'ρ',
        // The final form, which the Unicode tables keep apart.
        'ς' | 'ϲ' => 'σ',
        'ϒ'..='ϔ'
        | 'ΰ'
        | 'ϋ'
        | 'ύ'
        | '\u{1f50}'..='\u{1f57}'
        | '\u{1f7a}'
        | '\u{1f7b}'
        | '\u{1fe0}'..='\u{1fe3}'
        | '\u{1fe6}'
        | '\u{1fe7}' => 'υ',
        'ϕ' => 'φ',
        'ώ'
        | '\u{1f60}'..='\u{1f67}'
        | '\u{1f7c}'
        | '\u{1f7d}'
        | '\u{1fa0}'..='\u{1fa7}'
        | '\u{1ff2}'..='\u{1ff7}' => 'ω',
        c => c,
    }
}

fn cyrillic(c: char) -> char {
    match c {
        'ӑ' | 'ӓ' => 'а',
        'ѓ' => 'г',
        'ѐ' | 'ё' | 'ӗ' => 'е',
        'ӂ' | 'ӝ' => 'ж',
        'ӟ' => 'з',
        'й' | 'ѝ' | 'ӣ' | 'ӥ' => 'и',
        'ќ' => 'к',
        'ӧ' => 'о',
        'ў' | 'ӯ' | 'ӱ' | 'ӳ' => 'у',
        'ӵ' => 'ч',
        'ӹ' => 'ы',
        'ӭ' => 'э',
        'ї' => 'і',
        'ѷ' => 'ѵ',
        'ӛ' => 'ә',
        'ӫ' => 'ө',
        c => c,
    }
}

/// Letters that are several.
fn several(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' | 'ǽ' | 'ǣ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ĳ' => "ij",
        'ǆ' | 'ǳ' => "dz",
        'ǉ' => "lj",
        'ǌ' => "nj",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        _ => return None,
    })
}

/// The ordinary form of a full-width one (U+FF01 to U+FF5E).
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// Marks upon letters: the blocks of combining marks, and the vowel points of Hebrew and Arabic.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}'
        | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Letters of scripts without blanks between words: Thai, Lao, Burmese, Khmer, kana, ideographs.
fn is_alone(c: char) -> bool {
    c.is_alphabetic()
        && matches!(c,
            '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;

    use super::*;

    #[test]
    fn case_accents_and_punctuation_do_not_count() {
        assert_eq!(fold("Crème brûlée!"), " creme brulee");
        assert_eq!(fold("Cre\u{300}me"), " creme");
        assert_eq!(fold("Straße, ŁÓDŹ; İzmir"), " strasse lodz izmir");
        assert_eq!(fold("ΆΡΗΣ Ὀδυσσεύς"), " αρησ οδυσσευσ");
        assert_eq!(fold("Ёлка и Йод"), " елка и иод");
        assert_eq!(fold("ﬁne Ａ１"), " fine a1");
        assert_eq!(fold("foo-bar_baz 3.5"), " foo bar baz 3 5");
        assert_eq!(fold("日本語 ok"), " 日 本 語 ok");
        assert_eq!(fold("  🦊 "), "");
    }

    #[test]
    fn latin_greek_and_cyrillic_agree_with_the_unicode_tables() {
        let ranges = [0xc0..0x250, 0x370..0x530, 0x1e00..0x2000, 0xff01..0xff5f];
        for c in ranges.into_iter().flatten().filter_map(char::from_u32) {
            let theirs: String = c
                .nfkd()
                .filter(|c| !is_combining_mark(*c))
                .flat_map(char::to_lowercase)
                .nfkd()
                .filter(|c| !is_combining_mark(*c))
                .collect();
            let ours = fold(c.encode_utf8(&mut [0; 4]));
            // Letters that the Unicode tables leave with a stroke or hook, or as one.
            let plain = theirs
                .chars()
                .all(|c| c.is_alphanumeric() && c != '\u{2b9}');
            let own = theirs
                .chars()
                .any(|c| "øłđħıŧðŋƀȼɇɉɍɏƒʼʾςßæþœƶǥȥʒ".contains(c));
            let stays = theirs.chars().eq(c.to_lowercase());
            if plain && !own && !stays {
                assert_eq!(ours.trim_start(), theirs, "{c} U+{:04X}", c as u32);
            }
        }
    }

    #[test]
    fn words_know_where_they_stand() {
        let text = "Die Straße: e\u{301}te\u{301}";
        let words = words(text);
        let shown: Vec<_> = words
            .iter()
            .map(|word| &text[word.start..*word.ends.last().unwrap()])
            .collect();
        assert_eq!(shown, ["Die", "Straße", "e\u{301}te\u{301}"]);
        assert_eq!(words[1].folded, "strasse");
        assert_eq!(words[2].ends[0], words[2].start + 3, "with its accent");
    }

    proptest! {
        #[test]
        fn both_ways_of_folding_agree(text in "(\\PC|[a-zß\u{301} é日]){0,40}") {
            let joined: String = words(&text)
                .iter()
                .flat_map(|word| [" ", word.folded.as_str()])
                .collect();
            prop_assert_eq!(&joined, &fold(&text));
            prop_assert_eq!(fold(&joined), joined, "folding twice changes nothing");
            for word in words(&text) {
                prop_assert_eq!(word.ends.len(), word.folded.len());
                prop_assert!(word.ends.iter().all(|end| text.is_char_boundary(*end)));
            }
        }
    }
}
