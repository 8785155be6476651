//! A device's mailbox in the connection core, without sockets and storage.

use bytes::Bytes;
use sotto_gateway::connection::sotto::{DELIVERY_BYTES, Fetch, PUSH_BACKLOG_MAX};
use sotto_shared::limits::{DELIVERIES_MAX, DELIVERY_WINDOW};
use sotto_shared::sotto::group::{
    Delivery, DeliveryKind, Ephemeral, Epoch, GroupSeq, SendEphemeral,
};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::{Push, Request, Response};
use sotto_shared::{ClientId, GroupId};

use crate::sotto_core::{Bench, CLIENT};

fn entry(number: u64, size: usize) -> Delivery {
    Delivery {
        number,
        group: GroupId::from_bytes([1; 16]),
        sequence: GroupSeq(number),
        epoch: Epoch(1),
        kind: DeliveryKind::Message,
        sender: ClientId::from_bytes([2; 16]),
        time: 3,
        payload: vec![4; size].into(),
    }
}

fn ephemeral(size: usize) -> Push {
    Push::Ephemeral(Ephemeral {
        group: GroupId::from_bytes([1; 16]),
        epoch: Epoch(1),
        sender: ClientId::from_bytes([2; 16]),
        message: vec![5; size].into(),
    })
}

fn push(bench: &mut Bench) -> Option<Push> {
    Some(Push::decode(bench.frame()?).unwrap())
}

#[test]
fn a_mailbox_is_looked_into_once_there_is_a_device() {
    let mut bench = Bench::greeted();
    assert_eq!(bench.core.next_fetch(), None);
    bench.core.mail();
    assert_eq!(bench.core.next_fetch(), None);
    let mut bench = Bench::device();
    let expected = Fetch {
        mailbox: CLIENT,
        after: 0,
        limit: DELIVERIES_MAX,
        bytes_max: DELIVERY_BYTES,
    };
    assert_eq!(bench.core.next_fetch(), Some(expected));
    assert_eq!(bench.core.next_fetch(), None, "one question at a time");
    bench.core.fetched(Vec::new(), false);
    assert_eq!(bench.core.next_fetch(), None, "nothing was there");
    assert_eq!(push(&mut bench), None, "and nothing is said");
    bench.core.mail();
    assert_eq!(bench.core.next_fetch(), Some(expected));
    let entries = vec![entry(1, 10), entry(2, 10)];
    bench.core.fetched(entries.clone(), false);
    assert_eq!(push(&mut bench), Some(Push::Delivered(entries)));
}

#[test]
fn the_next_entries_are_asked_for_when_the_last_are_written() {
    let mut bench = Bench::device();
    bench.core.next_fetch().unwrap();
    bench.core.fetched(vec![entry(1, 10_000)], true);
    assert_eq!(bench.core.next_fetch(), None);
    let all = bench.core.output().len();
    bench.core.wrote(all - 1);
    assert_eq!(bench.core.next_fetch(), None);
    bench.core.wrote(1);
    assert_eq!(bench.core.next_fetch().map(|fetch| fetch.after), Some(1));
}

#[test]
fn an_acknowledgement_that_was_done_makes_room() {
    let mut bench = Bench::device();
    let window = DELIVERY_WINDOW as u64;
    let mut next = 1;
    while let Some(fetch) = bench.core.next_fetch() {
        let end = next + fetch.limit as u64;
        bench
            .core
            .fetched((next..end).map(|it| entry(it, 1)).collect(), true);
        next = end;
        while push(&mut bench).is_some() {}
    }
    assert_eq!(next, window + 1);
    bench.send(&Request::Acknowledge(3));
    assert_eq!(bench.core.next_fetch(), None, "it is not on disk yet");
    bench.result(Response::Done.into());
    assert_eq!(bench.response(), Some(Response::Done));
    assert_eq!(bench.core.next_fetch().map(|fetch| fetch.limit), Some(3));
    bench.core.fetched(Vec::new(), true);
    bench.send(&Request::Acknowledge(window));
    let refused =
        sotto_gateway::connection::sotto::error(sotto_shared::sotto::ErrorCode::Unavailable);
    bench.result(Response::Error(refused).into());
    assert_eq!(bench.core.next_fetch().map(|fetch| fetch.limit), Some(3));
}

#[test]
fn large_entries_cut_nobody_off_and_ephemerals_are_left_out_first() {
    let mut bench = Bench::device();
    bench.core.next_fetch().unwrap();
    bench
        .core
        .fetched(vec![entry(1, 8 * PUSH_BACKLOG_MAX)], false);
    let before = bench.core.output().len();
    for _ in 0..100 {
        bench.core.push(&ephemeral(4000));
    }
    let ephemerals = bench.core.output().len() - before;
    assert!(ephemerals <= PUSH_BACKLOG_MAX, "{ephemerals}");
    let one = ephemeral(4000).to_frame().encoded_len();
    let mut count = 0;
    while let Some(push) = push(&mut bench) {
        assert_ne!(push, Push::SessionEnded(EndReason::TooSlow));
        count += 1;
    }
    assert_eq!(count, 1 + PUSH_BACKLOG_MAX / one);
    bench.core.push(&ephemeral(4000));
    assert!(matches!(push(&mut bench), Some(Push::Ephemeral(_))));
}

#[test]
fn entries_that_come_too_late_are_left_for_the_next_session() {
    let mut bench = Bench::device();
    bench.core.next_fetch().unwrap();
    bench.core.push(&Push::SessionEnded(EndReason::Replaced));
    bench.core.fetched(vec![entry(1, 1)], true);
    assert_eq!(
        push(&mut bench),
        Some(Push::SessionEnded(EndReason::Replaced))
    );
    assert_eq!(push(&mut bench), None);
    assert_eq!(bench.core.next_fetch(), None);
    assert!(bench.core.is_finished());
}

#[test]
fn entries_stand_between_answers_never_inside_one() {
    let mut bench = Bench::device();
    bench.send(&Request::SendEphemeral(SendEphemeral {
        group: GroupId::from_bytes([1; 16]),
        epoch: Epoch(1),
        message: Bytes::from_static(b"typing"),
    }));
    bench.core.next_fetch().unwrap();
    bench.core.fetched(vec![entry(1, 1)], false);
    bench.result(Response::Done.into());
    assert!(matches!(push(&mut bench), Some(Push::Delivered(_))));
    assert_eq!(bench.response(), Some(Response::Done));
}
