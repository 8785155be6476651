//! What is to be seen.

use super::*;

#[test]
fn a_conversation_is_to_be_seen_with_all_there_is() {
    let mut long = text(
        2,
        ANNA,
        "It is a long text that does not fit into one row of this.",
    );
    long.reactions = vec![Reactions {
        emoji: "👍".to_owned(),
        by: vec![BEN],
    }];
    let mut mention = text(3, BEN, "so @anna: when?");
    mention.body = ItemBody::Text {
        text: "so @anna: when?".to_owned(),
        mentions: vec![Mention {
            account: ANNA,
            start: 3,
            length: 5,
        }],
    };
    mention.edited = true;
    let mut failed = text(4, ANNA, "now");
    failed.place = Place::Pending(1);
    failed.state = ItemState::Failed(sotto_engine::api::NotSent::Refused);
    let mut happened = text(1, BEN, "");
    happened.body = ItemBody::Happened(Happening::Joined(vec![CARLA]));
    let mut state = anna_in(TEAM, vec![happened, long, mention, failed]);
    press(&mut state, KeyCode::Char('g'), KeyModifiers::CONTROL);
    state.handle(Input::Resize(100, 16), NOW);
    let typing = ConversationEvent::Typing {
        conversation: TEAM,
        account: BEN,
        typing: true,
    };
    hear(&mut state, typing);
    write(&mut state, "an answer");
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn the_first_screen_is_the_help() {
    insta::assert_snapshot!(screen(&anna(90, 32)));
}

#[test]
fn a_narrow_screen_has_only_the_conversation() {
    let mut state = anna(30, 8);
    open(&mut state, WITH_BEN, vec![text(1, BEN, "hello")]);
    insta::assert_snapshot!(screen(&state));
}

#[test]
fn no_size_of_a_screen_is_too_small() {
    let items = (1..40).map(|seq| text(seq, BEN, "hello\nyou")).collect();
    let mut state = anna_in(TEAM, items);
    write(&mut state, &"many words ".repeat(20));
    for columns in [0, 1, 2, 5, 24, 59, 60, 61, 84, 85, 200] {
        for rows in [0, 1, 2, 3, 4, 9, 40] {
            state.handle(Input::Resize(columns, rows), NOW);
            if columns > 0 && rows > 0 {
                screen(&state);
            }
            key(&mut state, KeyCode::PageUp);
            key(&mut state, KeyCode::PageDown);
        }
    }
}

#[test]
fn strangers_text_stays_within_its_place() {
    let evil = "\u{1b}[2J\u{9b}31m\u{202e}gnp\r\nanna: I owe you";
    let state = anna_in(WITH_BEN, vec![text(1, BEN, evil)]);
    let seen = screen(&state);
    assert!(
        !seen.chars().any(|c| c.is_control() && c != '\n'),
        "{seen:?}"
    );
    assert!(!seen.contains('\u{202e}'), "{seen:?}");
    // The second line is set in: it does not pass for another message.
    assert!(
        !seen
            .lines()
            .any(|row| row.trim_start_matches(['│', ' ']).starts_with("10:01 anna"))
    );
}

#[test]
fn what_comes_while_older_lines_are_in_view_is_not_read_yet() {
    let items = (1..60).map(|seq| text(seq, BEN, "hello")).collect();
    let mut state = anna_in(TEAM, items);
    key(&mut state, KeyCode::PageUp);
    let before = screen(&state);
    let new = ConversationEvent::Items {
        conversation: TEAM,
        items: vec![text(60, BEN, "new")],
    };
    assert!(orders(hear(&mut state, new)).is_empty());
    assert_eq!(screen(&state), before, "the view does not jump");
    key(&mut state, KeyCode::PageDown);
    let read = orders(key(&mut state, KeyCode::PageDown));
    assert!(
        matches!(
            read[..],
            [ConversationCommand::MarkRead { up_to: Seq(60), .. }]
        ),
        "{read:?}"
    );
}

#[test]
fn older_lines_are_asked_for_before_the_view_reaches_the_first() {
    let mut state = anna(80, 16);
    while state.open != Some(Chat::Group(TEAM)) {
        press(&mut state, KeyCode::Char('n'), KeyModifiers::CONTROL);
    }
    let page = |from, seqs: std::ops::Range<u64>| ConversationEvent::Page {
        conversation: TEAM,
        from,
        items: seqs.map(|seq| text(seq, BEN, "hello")).collect(),
        more: true,
    };
    assert!(
        orders(hear(&mut state, page(Whence::Newest, 900..1000)))
            .iter()
            .all(|it| !matches!(it, ConversationCommand::Load { .. }))
    );
    let mut asked = Vec::new();
    for _ in 0..7 {
        asked.extend(orders(key(&mut state, KeyCode::PageUp)));
    }
    assert!(
        matches!(
            asked[..],
            [ConversationCommand::Load {
                from: Whence::Before(Seq(900)),
                ..
            }]
        ),
        "asked once: {asked:?}"
    );
    let before = screen(&state);
    hear(&mut state, page(Whence::Before(Seq(900)), 800..900));
    assert_eq!(screen(&state), before, "the view does not jump");
}

#[test]
fn a_pending_line_is_there_once_when_it_has_found_its_place() {
    let mut pending = text(9, ANNA, "hello");
    pending.place = Place::Pending(4);
    pending.state = ItemState::Sending;
    let mut state = anna_in(TEAM, vec![text(1, BEN, "hi"), pending]);
    assert!(screen(&state).contains("hello …"));
    let placed = ConversationEvent::Placed {
        conversation: TEAM,
        pending: Place::Pending(4),
        item: Box::new(text(2, ANNA, "hello")),
    };
    hear(&mut state, placed);
    assert_eq!(screen(&state).matches("hello").count(), 1);
    assert!(screen(&state).contains("hello ✓"));
}

#[test]
fn somebody_who_writes_is_shown_for_a_time() {
    let mut state = anna_in(WITH_BEN, Vec::new());
    let typing = ConversationEvent::Typing {
        conversation: WITH_BEN,
        account: BEN,
        typing: true,
    };
    hear(&mut state, typing.clone());
    assert!(screen(&state).contains("ben is writing"));
    let later = NOW + std::time::Duration::from_secs(ConversationEvent::TYPING_SECONDS);
    state.handle(Input::Tick, later);
    assert!(!screen(&state).contains("is writing"));
    hear(&mut state, typing);
    let items = ConversationEvent::Items {
        conversation: WITH_BEN,
        items: vec![text(1, BEN, "said")],
    };
    hear(&mut state, items);
    assert!(!screen(&state).contains("is writing"));
}

#[test]
fn a_locked_profile_shows_nothing_but_the_lock() {
    let mut state = anna_in(WITH_BEN, vec![text(1, BEN, "a secret")]);
    let locked = Status {
        phase: Phase::Locked,
        account: None,
        ..status()
    };
    state.handle(Input::Heard(Event::Status(locked)), NOW);
    write(&mut state, "pass word");
    let seen = screen(&state);
    assert!(
        seen.contains("locked") && seen.contains("•••••••••"),
        "{seen}"
    );
    assert!(!seen.contains("secret") && !seen.contains("ben") && !seen.contains("pass word"));
    let unlock = key(&mut state, KeyCode::Enter);
    assert!(
        matches!(&unlock[..], [Effect::Order(Command::Unlock { passphrase })]
            if passphrase.0 == "pass word")
    );
}

#[test]
fn a_changed_key_is_loud() {
    let mut state = anna_in(WITH_BEN, vec![text(1, BEN, "hi")]);
    let mut ben = contact(BEN, "ben", true);
    ben.trust = Trust::Changed { was_verified: true };
    let changed = Event::Account(AccountEvent::Contact(ben));
    state.handle(Input::Heard(changed), NOW);
    assert!(screen(&state).contains("KEY HAS CHANGED"));
}

#[test]
fn a_hit_is_shown_where_it_was_said_and_the_way_back_is_short() {
    let mut state = anna_in(WITH_BEN, vec![text(1000, BEN, "hi")]);
    let searched = enter(&mut state, "/search plan");
    let [ConversationCommand::Search { query, .. }] = searched[..] else {
        panic!("{searched:?}")
    };
    let hit = sotto_engine::api::Hit {
        conversation: TEAM,
        seq: Seq(50),
        at: NOW,
        author: BEN,
        excerpt: "the plan is".to_owned(),
        marks: vec![(4, 4)],
    };
    let found = ConversationEvent::Found {
        query,
        hits: vec![hit],
        more: None,
    };
    hear(&mut state, found);
    assert!(screen(&state).contains("Team · ben: the plan is"));
    let loads = orders(key(&mut state, KeyCode::Enter));
    assert!(
        matches!(
            loads[..],
            [ConversationCommand::Load {
                conversation: TEAM,
                from: Whence::Before(Seq(60)),
                ..
            }]
        ),
        "{loads:?}"
    );
    let page = ConversationEvent::Page {
        conversation: TEAM,
        from: Whence::Before(Seq(60)),
        items: (1..60)
            .map(|seq| text(seq, BEN, &format!("line {seq}.")))
            .collect(),
        more: false,
    };
    let more = orders(hear(&mut state, page));
    assert!(
        matches!(
            more[..],
            [ConversationCommand::Load {
                from: Whence::After(Seq(59)),
                ..
            }]
        ),
        "{more:?}"
    );
    let seen = screen(&state);
    assert!(
        seen.contains("line 50.") && !seen.contains("line 51."),
        "{seen}"
    );
    // New lines wait behind the gap.
    let new = ConversationEvent::Items {
        conversation: TEAM,
        items: vec![text(500, BEN, "new")],
    };
    hear(&mut state, new);
    key(&mut state, KeyCode::Esc);
    let newest = orders(key(&mut state, KeyCode::Esc));
    assert!(
        matches!(
            newest[..],
            [ConversationCommand::Load {
                from: Whence::Newest,
                ..
            }]
        ),
        "{newest:?}"
    );
}
