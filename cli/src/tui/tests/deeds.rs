//! What is told to the engine.

use super::*;

#[test]
fn a_text_is_sent_with_its_mentions_to_the_conversation_in_view() {
    let mut state = anna_in(TEAM, vec![text(1, BEN, "hi")]);
    let sent = enter(&mut state, "hello @ben, and @nobody");
    let [
        ConversationCommand::Send {
            conversation,
            text,
            mentions,
            reply_to: None,
        },
    ] = &sent[..]
    else {
        panic!("{sent:?}")
    };
    assert_eq!(
        (*conversation, text.as_str()),
        (TEAM, "hello @ben, and @nobody")
    );
    let ben = Mention {
        account: BEN,
        start: 6,
        length: 4,
    };
    assert_eq!(mentions[..], [ben]);
    assert!(state.composer.is_empty());
    key(&mut state, KeyCode::Up);
    assert_eq!(state.composer.text(), "hello @ben, and @nobody");
}

#[test]
fn nothing_is_sent_where_one_is_no_member() {
    let mut state = anna_in(TEAM, Vec::new());
    let mut team = conversation(TEAM, GroupKind::Group, 1);
    team.state = ConversationState::Removed;
    hear(&mut state, ConversationEvent::Changed(Box::new(team)));
    assert!(enter(&mut state, "hello?").is_empty());
    assert_eq!(state.composer.text(), "hello?", "what was written stays");
    assert!(screen(&state).contains("you were removed"));
}

#[test]
fn a_name_means_the_account_and_never_a_group_or_classic_client() {
    let mut state = anna(80, 16);
    let mut fake = conversation(TEAM, GroupKind::Group, 1);
    fake.name = "ben".to_owned();
    hear(&mut state, ConversationEvent::Changed(Box::new(fake)));
    let orders = enter(&mut state, "/room ben");
    assert!(
        matches!(orders[..], [ConversationCommand::OpenDirect { with: BEN }]),
        "{orders:?}"
    );
}

#[test]
fn a_private_message_goes_where_it_should_and_the_view_stays() {
    let mut state = anna_in(TEAM, Vec::new());
    let opening = enter(&mut state, "/msg ben see you");
    assert!(matches!(
        opening[..],
        [ConversationCommand::OpenDirect { with: BEN }]
    ));
    let sent = orders(hear(&mut state, ConversationEvent::Opened(WITH_BEN)));
    assert!(
        matches!(&sent[..], [ConversationCommand::Send { conversation: WITH_BEN, text, .. }]
            if text == "see you"),
        "{sent:?}"
    );
    assert_eq!(state.open, Some(Chat::Group(TEAM)));
}

#[test]
fn a_classic_client_is_not_written_to_in_passing() {
    let mut state = anna_in(TEAM, Vec::new());
    assert!(enter(&mut state, "/msg dora hello").is_empty());
    assert!(screen(&state).contains("weakly encrypted"));
    enter(&mut state, "/room dora");
    assert_eq!(state.open, Some(Chat::Classic(DORA)));
    assert!(screen(&state).contains("dora · classic, weakly encrypted"));
}

#[test]
fn what_is_seen_is_marked_as_read_once() {
    let mut state = anna(80, 16);
    while state.open != Some(Chat::Group(TEAM)) {
        press(&mut state, KeyCode::Char('n'), KeyModifiers::CONTROL);
    }
    let page = ConversationEvent::Page {
        conversation: TEAM,
        from: Whence::Newest,
        items: vec![text(1, BEN, "one"), text(2, BEN, "two")],
        more: false,
    };
    let read = orders(hear(&mut state, page));
    assert!(
        matches!(
            read[..],
            [ConversationCommand::MarkRead {
                conversation: TEAM,
                up_to: Seq(2)
            }]
        ),
        "{read:?}"
    );
    assert!(orders(state.handle(Input::Tick, NOW)).is_empty());
}

#[test]
fn a_selected_message_can_be_replied_to_edited_and_reacted_to() {
    let items = vec![text(1, BEN, "question"), text(2, ANNA, "answr")];
    let mut state = anna_in(TEAM, items);
    let up = |state: &mut State| press(state, KeyCode::Up, KeyModifiers::ALT);
    up(&mut state);
    key(&mut state, KeyCode::Char('e'));
    assert_eq!(state.composer.text(), "answr");
    key(&mut state, KeyCode::Backspace);
    let edited = enter(&mut state, "er");
    assert!(
        matches!(&edited[..], [ConversationCommand::Edit { seq: Seq(2), text, .. }]
            if text == "answer"),
        "{edited:?}"
    );
    up(&mut state);
    up(&mut state);
    let reacted = orders(key(&mut state, KeyCode::Char('1')));
    assert!(
        matches!(&reacted[..], [ConversationCommand::React { seq: Seq(1), on: true, emoji, .. }]
            if emoji == "👍"),
        "{reacted:?}"
    );
    up(&mut state);
    up(&mut state);
    key(&mut state, KeyCode::Char('r'));
    let replied = enter(&mut state, "yes");
    assert!(
        matches!(
            replied[..],
            [ConversationCommand::Send {
                reply_to: Some(Seq(1)),
                ..
            }]
        ),
        "{replied:?}"
    );
}

#[test]
fn what_cannot_be_undone_is_asked_first() {
    let mut state = anna_in(TEAM, vec![text(1, ANNA, "oops")]);
    press(&mut state, KeyCode::Up, KeyModifiers::ALT);
    assert!(orders(key(&mut state, KeyCode::Char('d'))).is_empty());
    assert!(screen(&state).contains("Take this message back for everyone? y / n"));
    assert!(orders(key(&mut state, KeyCode::Char('n'))).is_empty());
    assert!(enter(&mut state, "/quit").is_empty());
    assert!(screen(&state).contains("Leave Team for good? y / n"));
    let left = orders(key(&mut state, KeyCode::Char('y')));
    assert!(
        matches!(
            left[..],
            [ConversationCommand::Leave { conversation: TEAM }]
        ),
        "{left:?}"
    );
}

#[test]
fn others_are_told_of_writing_now_and_then_and_never_of_commands() {
    let mut state = anna_in(TEAM, Vec::new());
    let told = |effects: Vec<Effect>| -> Vec<bool> {
        let typing = effects.into_iter().filter_map(|effect| match effect {
            Effect::Order(Command::Conversation(ConversationCommand::Typing {
                typing, ..
            })) => Some(typing),
            _ => None,
        });
        typing.collect()
    };
    assert!(told(key(&mut state, KeyCode::Char('/'))).is_empty());
    assert!(told(key(&mut state, KeyCode::Char('h'))).is_empty());
    key(&mut state, KeyCode::Esc);
    assert_eq!(told(key(&mut state, KeyCode::Char('h'))), [true]);
    assert!(told(key(&mut state, KeyCode::Char('i'))).is_empty());
    let later = NOW + std::time::Duration::from_secs(5);
    let again = KeyEvent::new(KeyCode::Char('!'), KeyModifiers::NONE);
    assert_eq!(told(state.handle(Input::Key(again), later)), [true]);
    assert_eq!(told(key(&mut state, KeyCode::Esc)), [false]);
}

#[test]
fn commands_and_names_are_completed_one_after_the_other() {
    let mut state = anna_in(TEAM, Vec::new());
    write(&mut state, "/ro");
    key(&mut state, KeyCode::Tab);
    assert_eq!(state.composer.text(), "/room ");
    key(&mut state, KeyCode::Esc);
    write(&mut state, "hi @b");
    key(&mut state, KeyCode::Tab);
    assert_eq!(state.composer.text(), "hi @ben ");
}
