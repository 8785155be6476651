//! Several tabs among themselves: commands, answers and the storage key over a change of leader.
#![cfg(target_arch = "wasm32")]
// clippy does not take `wasm_bindgen_test` for a test.
#![allow(clippy::expect_used, clippy::panic)]

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use futures_channel::mpsc::UnboundedReceiver;
use sotto_engine::api::{Command, Event, Failure, Phase, Seq};
use sotto_engine::store::StorageKey;
use sotto_shared::ClientId;
use sotto_web_client::worker::host::Input;
use sotto_web_client::worker::js::sleep;
use sotto_web_client::worker::lock;
use sotto_web_client::worker::tabs::{CommandId, Tab, TabId, Term, random};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Blob;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

type Shown = Rc<RefCell<Vec<Event>>>;

/// Tests share one channel in one worker, and their tabs live on. So each test is a build of its
/// own, and its tabs hear of other builds, which comes as a status that is left out below.
fn build() -> String {
    format!("test-{}", js_sys::Math::random())
}

fn join(build: &str) -> (Rc<Tab>, Shown) {
    let shown = Shown::default();
    let showing = Rc::clone(&shown);
    let show = move |event: &Event, _: Option<&Blob>| showing.borrow_mut().push(event.clone());
    (Tab::join(build.to_owned(), show).expect("joins"), shown)
}

async fn lead(tab: &Tab) -> UnboundedReceiver<Input> {
    let queue = tab.begin_leading(Term(random().expect("random")));
    settle().await;
    queue
}

/// Long enough for what was posted to arrive.
async fn settle() {
    sleep(Duration::from_millis(50)).await;
}

fn texts(queue: &mut UnboundedReceiver<Input>) -> Vec<(TabId, CommandId, String)> {
    let mut texts = Vec::new();
    while let Ok(input) = queue.try_recv() {
        if let Input::Command {
            tab,
            id,
            command: Command::SendText { text, .. },
            ..
        } = input
        {
            texts.push((tab, id, text));
        }
    }
    texts
}

fn heard(shown: &Shown) -> Vec<Event> {
    let shown = shown.borrow();
    let heard = shown
        .iter()
        .filter(|event| !matches!(event, Event::Status(_)));
    heard.cloned().collect()
}

fn text(text: &str) -> Command {
    Command::SendText {
        to: ClientId::ZERO,
        text: text.to_owned(),
    }
}

fn words(texts: &[(TabId, CommandId, String)]) -> Vec<&str> {
    texts.iter().map(|(_, _, text)| text.as_str()).collect()
}

#[wasm_bindgen_test]
async fn commands_reach_the_leader_in_order_from_all_tabs() {
    let build = build();
    let ((leader, _), (follower, _)) = (join(&build), join(&build));
    follower.on_command(text("before anybody leads"), None);
    leader.on_command(text("own"), None);
    let mut queue = lead(&leader).await;
    follower.on_command(text("after"), None);
    settle().await;
    let texts = texts(&mut queue);
    assert_eq!(words(&texts), ["own", "before anybody leads", "after"]);
}

#[wasm_bindgen_test]
async fn what_was_not_accepted_goes_to_the_next_leader_and_nothing_twice() {
    let build = build();
    let ((first, _), (second, _), (page, _)) = (join(&build), join(&build), join(&build));
    let mut queue = lead(&first).await;
    page.on_command(text("done"), None);
    page.on_command(text("lost"), None);
    settle().await;
    let seen = texts(&mut queue);
    assert_eq!(words(&seen), ["done", "lost"]);
    let (tab, id, _) = seen.first().expect("two");
    first.accept(*tab, *id);
    settle().await;
    // The first leader dies here without a word.
    page.on_command(text("sent to the dead one"), None);
    first.end_leading();
    let mut queue = lead(&second).await;
    assert!(
        second.is_done(*tab, *id),
        "it heard what the first one had done"
    );
    assert_eq!(words(&texts(&mut queue)), ["lost", "sent to the dead one"]);
}

#[wasm_bindgen_test]
async fn a_tab_that_follows_an_old_leader_is_put_right_and_keeps_the_order() {
    let build = build();
    let ((first, _), (page, _)) = (join(&build), join(&build));
    drop(lead(&first).await);
    page.on_command(text("one"), None);
    settle().await;
    first.end_leading();
    // A leader that this tab has not heard of: it joins only now, and leads at once.
    let (second, _) = join(&build);
    let mut queue = second.begin_leading(Term(random().expect("random")));
    page.on_command(text("two"), None);
    settle().await;
    assert_eq!(words(&texts(&mut queue)), ["one", "two"]);
}

#[wasm_bindgen_test]
async fn answers_go_to_who_asked_and_the_rest_to_all() {
    let build = build();
    let ((leader, at_leader), (one, at_one), (_other, at_other)) =
        (join(&build), join(&build), join(&build));
    let mut queue = lead(&leader).await;
    one.on_command(text("?"), None);
    settle().await;
    let asker = texts(&mut queue).first().expect("one").0;
    leader.tell(Some(asker), Event::Failed(Failure::BadText), None);
    leader.tell(None, Event::People(Vec::new()), None);
    settle().await;
    let people = Event::People(Vec::new());
    assert_eq!(
        heard(&at_one),
        [Event::Failed(Failure::BadText), people.clone()]
    );
    assert_eq!(heard(&at_leader), core::slice::from_ref(&people));
    assert_eq!(heard(&at_other), [people]);
}

#[wasm_bindgen_test]
async fn the_storage_key_is_with_all_tabs_while_unlocked() {
    let build = build();
    let ((leader, _), (early, _)) = (join(&build), join(&build));
    let _queue = lead(&leader).await;
    let key = StorageKey::from_bytes([9; 32]);
    leader.share_key(Some(key.clone()));
    let (late, _) = join(&build);
    settle().await;
    assert!(early.key() == Some(key.clone()) && late.key() == Some(key));
    leader.share_key(None);
    settle().await;
    assert!(early.key().is_none() && late.key().is_none());
}

#[wasm_bindgen_test]
async fn a_new_leader_is_asked_for_the_conversations_that_are_shown() {
    let build = build();
    let ((first, _), (page, shown)) = (join(&build), join(&build));
    drop(lead(&first).await);
    page.on_command(
        Command::LoadHistory {
            with: ClientId::ZERO,
            before: Some(Seq(7)),
            limit: 10,
        },
        None,
    );
    page.on_command(text("identifies the tab"), None);
    settle().await;
    first.end_leading();
    let (second, _) = join(&build);
    let mut queue = lead(&second).await;
    let (mut asked, mut page_id) = (0, None);
    while let Ok(Input::Command { tab, command, .. }) = queue.try_recv() {
        page_id = Some(tab);
        asked += u32::from(matches!(command, Command::LoadHistory { before: None, .. }));
    }
    assert_eq!(asked, 1);
    let answer = Event::History {
        with: ClientId::ZERO,
        before: None,
        messages: Vec::new(),
        more: false,
    };
    second.tell(page_id, answer, None);
    settle().await;
    assert!(matches!(
        shown.borrow().last(),
        Some(Event::Messages { .. })
    ));
}

#[wasm_bindgen_test]
async fn a_tab_of_another_build_is_told_to_reload() {
    let (leader, _) = join(&build());
    let _queue = lead(&leader).await;
    let (_stranger, shown) = join(&build());
    settle().await;
    let told = shown.borrow().iter().any(|event| {
        matches!(event, Event::Status(status)
            if matches!(&status.phase, Phase::Broken { reason } if reason.contains("Reload")))
    });
    leader.end_leading();
    assert!(told, "{:?}", shown.borrow());
}

#[wasm_bindgen_test]
async fn the_lock_is_held_by_one_and_given_on() {
    let name = build();
    let held = lock::acquire(&name).await.expect("free");
    {
        let waiting = core::pin::pin!(lock::acquire(&name));
        let tired = core::pin::pin!(sleep(Duration::from_millis(100)));
        let outcome = futures_util::future::select(waiting, tired).await;
        assert!(
            matches!(outcome, futures_util::future::Either::Right(_)),
            "it is taken"
        );
    }
    // That request was dropped. It must not get the lock before this one.
    drop(held);
    lock::acquire(&name).await.expect("free again");
}
