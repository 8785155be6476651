//! Who is found, and who is told of whom.

use sotto_gateway::admin;
use sotto_shared::sotto::request::{FindAccounts, ListAccounts, UpdateProfile};
use sotto_shared::sotto::types::{AccountEntry, DirectoryPolicy};
use sotto_shared::sotto::{ErrorCode, Push, Request, Response};

use crate::account_client::{Line, Person, account_name};
use crate::support::TestGateway;

fn list(after: Option<&str>, limit: u32) -> Request {
    Request::ListAccounts(ListAccounts {
        after: after.map(account_name),
        limit,
    })
}

fn find(name: &str) -> Request {
    Request::FindAccounts(FindAccounts {
        names: vec![account_name(name)],
        accounts: Vec::new(),
    })
}

fn profile(name: &str, hides_presence: bool) -> Request {
    Request::UpdateProfile(UpdateProfile {
        display_name: name.parse().unwrap(),
        hides_presence,
    })
}

#[track_caller]
fn page(response: Response) -> (Vec<AccountEntry>, bool) {
    match response {
        Response::Accounts(page) => (page.accounts, page.more),
        other => panic!("{other:?}"),
    }
}

/// The next thing that is told of an account.
fn told(line: &mut Line, of: &Person) -> Push {
    loop {
        match line.push() {
            Push::AccountChanged { account, joined } if account.account == of.account => {
                return Push::AccountChanged { account, joined };
            }
            Push::AccountLeft(account) if account == of.account => {
                return Push::AccountLeft(account);
            }
            _ => {}
        }
    }
}

#[track_caller]
fn entry(push: Push) -> (AccountEntry, bool) {
    match push {
        Push::AccountChanged { account, joined } => (*account, joined),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_listed_directory_is_given_page_by_page() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    Person::sign_up("carol", &mut line);
    for name in ["bob", "alice"] {
        Person::sign_up(name, &mut Line::open(&gateway));
    }
    let (first, more) = page(line.ask(&list(None, 2)));
    let names: Vec<_> = first.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!((names, more), (vec!["alice", "bob"], true));
    let (rest, more) = page(line.ask(&list(Some("bob"), 2)));
    assert_eq!((rest.len(), more), (1, false));
    assert!(rest[0].presence.unwrap().online);
}

#[test]
fn an_exact_directory_finds_whole_names_and_tells_nothing_unasked() {
    let gateway = TestGateway::with(|config| config.accounts.directory = DirectoryPolicy::Exact);
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    assert_eq!(line.refused(&list(None, 10)).code, ErrorCode::NotAllowed);
    let mut bobs = Line::open(&gateway);
    let bob = Person::sign_up("bob", &mut bobs);
    let (found, _) = page(line.ask(&find("bob")));
    assert_eq!(found[0].account, bob.account);
    assert!(page(line.ask(&find("bobo"))).0.is_empty());
    std::thread::sleep(2 * sotto_gateway::NOTICE_PAUSE);
    line.done(&profile("Alice", false));
    // The own profile is told to the own devices.
    let (own, _) = entry(told(&mut line, &alice));
    assert_eq!(own.display_name.as_str(), "Alice");
    assert!(line.pushes.iter().all(|push| !matches!(
        push,
        Push::AccountChanged { account, .. } if account.account == bob.account
    )));
}

#[test]
fn names_are_tried_in_vain_so_often_only_in_an_exact_directory() {
    let gateway = TestGateway::with(|config| config.accounts.directory = DirectoryPolicy::Exact);
    let mut line = Line::open(&gateway);
    Person::sign_up("alice", &mut line);
    let bob = Person::sign_up("bob", &mut Line::open(&gateway));
    let search = |names: Vec<_>| {
        Request::FindAccounts(FindAccounts {
            names,
            accounts: vec![bob.account],
        })
    };
    let guesses = |count| (0..count).map(|n| account_name(&format!("guess{n}")));
    // What is found costs nothing.
    for _ in 0..100 {
        assert_eq!(page(line.ask(&find("bob"))).0.len(), 1);
    }
    let (found, _) = page(line.ask(&search(guesses(60).collect())));
    assert_eq!(found.len(), 1, "by the id");
    let refused = line.refused(&search(guesses(60).collect()));
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert!(refused.retry_after.is_some());
    // Ids that are known go on.
    assert_eq!(page(line.ask(&search(Vec::new()))).0.len(), 1);
}

#[test]
fn who_joins_comes_goes_and_leaves_is_told() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    Person::sign_up("alice", &mut line);
    let mut bobs = Line::open(&gateway);
    let bob = Person::sign_up("bob", &mut bobs);
    let (joined, is_new) = entry(told(&mut line, &bob));
    assert!(is_new && joined.presence.unwrap().online);
    drop(bobs);
    let (gone, is_new) = entry(told(&mut line, &bob));
    assert!(!is_new && !gone.presence.unwrap().online);
    assert!(gone.presence.unwrap().last_seen.is_some());
    let name = account_name("bob");
    super::operator::done(&gateway, &admin::Request::UserDelete { name });
    assert_eq!(told(&mut line, &bob), Push::AccountLeft(bob.account));
}

#[test]
fn who_hides_is_neither_seen_nor_told_of() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    Person::sign_up("alice", &mut line);
    let mut bobs = Line::open(&gateway);
    let bob = Person::sign_up("bob", &mut bobs);
    entry(told(&mut line, &bob));
    bobs.done(&profile("Bob", true));
    let (changed, _) = entry(told(&mut line, &bob));
    assert_eq!(changed.presence, None);
    for request in [find("bob"), list(None, 10)] {
        let (found, _) = page(line.ask(&request));
        let found = found.iter().find(|entry| entry.account == bob.account);
        assert_eq!(found.unwrap().presence, None);
    }
    drop(bobs);
    std::thread::sleep(2 * sotto_gateway::NOTICE_PAUSE);
    assert_eq!(line.ask(&Request::Ping), Response::Pong);
    assert!(line.pushes.iter().all(|push| !matches!(
        push,
        Push::AccountChanged { account, .. } if account.account == bob.account
    )));
}
