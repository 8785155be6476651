//! What the flows do with a gateway that lies, and what they let slip.

use super::*;

#[test]
fn a_challenge_that_nothing_was_asked_for_is_refused() {
    let mut gateway = Gateway::new(1);
    let greeting = gateway.greeting();
    let lie = |_, request| match gateway.serve(request) {
        Response::RegisterStarted(mut it) => {
            it.challenge = Some([7; 128]);
            Response::RegisterStarted(it)
        }
        other => other,
    };
    let run = run(
        begin_sign_up("alice", PASSWORD, None),
        greeting,
        lie,
        |_| {},
    );
    assert_eq!(run.result.unwrap_err(), AccountFailure::BadAnswer);
}

#[test]
fn a_gateway_that_gives_another_vault_is_found_out() {
    let mut gateway = Gateway::new(1);
    let _ = (
        sign_up(&mut gateway, "alice"),
        sign_up(&mut gateway, "mallory"),
    );
    let theirs = gateway.logged_in(&name("mallory"), Slot::Password);
    let recovery = gateway.logged_in(&name("alice"), Slot::Recovery);
    let mine = gateway.logged_in(&name("alice"), Slot::Password);
    let forged_key = AccountKey::from_bytes(&[1; 32]).public();
    let lies = [
        theirs.clone(),
        {
            let mut it = mine.clone();
            it.account_key = forged_key;
            it
        },
        {
            let mut it = mine.clone();
            it.account = theirs.account;
            it
        },
        {
            let mut it = mine.clone();
            it.vault = theirs.vault.clone();
            it
        },
        {
            let mut it = mine.clone();
            it.vault = mine.vault.slice(..20);
            it
        },
        {
            let mut it = mine.clone();
            it.vault = mine.vault.slice(..0);
            it
        },
        {
            let mut it = mine.clone();
            it.vault_version = 2;
            it
        },
        {
            let mut it = mine.clone();
            it.wrapped_vault_key = recovery.wrapped_vault_key;
            it
        },
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let begun = SignIn::begin(name("alice"), &words(PASSWORD), &device(), &mut rng(5));
        let greeting = gateway.greeting();
        let answer = |_, request| match gateway.serve(request) {
            Response::LoggedIn(_) => Response::LoggedIn(Box::new(lie.clone())),
            other => other,
        };
        let run = run(begun, greeting, answer, |_| {});
        assert_eq!(
            run.result.unwrap_err(),
            AccountFailure::VaultBroken,
            "{number}"
        );
        assert!(run.kept.is_none());
    }
}

#[test]
fn credentials_are_not_changed_for_another_account_of_the_same_name_and_password() {
    let mut gateway = Gateway::new(1);
    let stored = sign_up(&mut gateway, "alice");
    let mut other = Gateway::new(2);
    let stranger = sign_up(&mut other, "alice");
    assert_eq!(
        stored.account, stranger.account,
        "only the key tells them apart"
    );
    let key = AccountKey::from_bytes(&[1; 32]);
    let mine = StoredAccount {
        account_key: key,
        ..stored
    };
    let run = credentials(&mut other, &mine, PASSWORD, change(false));
    assert_eq!(run.result.unwrap_err(), AccountFailure::VaultBroken);
    assert_eq!(run.asked.len(), 2, "nothing is asked for behind the login");
}

#[test]
fn a_replayed_login_is_no_login() {
    let mut gateway = Gateway::new(1);
    let _ = sign_up(&mut gateway, "alice");
    let mut recorded = None;
    let begin = |seed| SignIn::begin(name("alice"), &words(PASSWORD), &device(), &mut rng(seed));
    let greeting = gateway.greeting();
    let record = |_, request| {
        let response = gateway.serve(request);
        if let Response::LoginStarted(message) = &response {
            recorded = Some(message.clone());
        }
        response
    };
    assert!(run(begin(5), greeting, record, |_| {}).result.is_ok());
    let replay = |_, _| Response::LoginStarted(recorded.clone().unwrap());
    let run = run(begin(6), greeting, replay, |_| {});
    assert_eq!(run.result.unwrap_err(), AccountFailure::LoginFailed);
}

/// Runs a flow once for each of its requests, and answers that one with what does not belong there.
fn answer_wrongly<F: crate::account::Flow<Outcome: core::fmt::Debug> + core::fmt::Debug>(
    world: impl Fn() -> (Gateway, Result<(F, Request), AccountFailure>),
) {
    let (mut gateway, begun) = world();
    let greeting = gateway.greeting();
    let whole = run(begun, greeting, |_, it| gateway.serve(it), |_| {});
    assert!(whole.result.is_ok(), "{:?}", whole.result);
    for at in 0..whole.asked.len() {
        let garbage = OpaqueMessage(vec![0xff; 320].into());
        for (wrong, failure) in [
            (Response::Pong, AccountFailure::BadAnswer),
            (Response::CredentialsChanged(9), AccountFailure::BadAnswer),
            (Response::LoginStarted(garbage), AccountFailure::BadAnswer),
            (
                error(ErrorCode::AccountDisabled),
                AccountFailure::AccountDisabled,
            ),
        ] {
            let (mut gateway, begun) = world();
            let is_right = matches!(
                (&whole.asked[at].0, &wrong),
                (
                    Request::CredentialsFinish(_),
                    Response::CredentialsChanged(_)
                )
            );
            if is_right {
                continue;
            }
            let answer = |number, request| match number == at {
                true => wrong.clone(),
                false => gateway.serve(request),
            };
            let run = run(begun, greeting, answer, |_| {});
            assert_eq!(run.result.unwrap_err(), failure, "{at} {wrong:?}");
            assert_eq!(run.asked.len(), at + 1, "nothing is asked for behind it");
        }
    }
}

#[test]
fn an_answer_that_does_not_belong_there_ends_signing_up() {
    answer_wrongly(|| (Gateway::new(1), begin_sign_up("alice", PASSWORD, None)));
}

#[test]
fn an_answer_that_does_not_belong_there_ends_recovering() {
    let mut gateway = Gateway::new(1);
    let stored = sign_up(&mut gateway, "alice");
    let account = gateway.accounts[&name("alice")].clone();
    answer_wrongly(|| {
        let mut gateway = Gateway::new(1);
        gateway.accounts.insert(name("alice"), account.clone());
        let code = stored.recovery_code.clone().unwrap();
        (gateway, begin_recover(&code, true))
    });
}

#[test]
fn an_answer_that_does_not_belong_there_ends_changing_the_password() {
    let mut gateway = Gateway::new(1);
    let stored = sign_up(&mut gateway, "alice");
    let account = gateway.accounts[&name("alice")].clone();
    answer_wrongly(|| {
        let mut gateway = Gateway::new(1);
        gateway.accounts.insert(name("alice"), account.clone());
        let begun = Credentials::begin(&stored, &words(PASSWORD), change(true), &mut rng(8));
        (gateway, begun)
    });
}

#[test]
fn no_flow_prints_a_secret_at_any_step() {
    let mut gateway = Gateway::new(1);
    let greeting = gateway.greeting();
    let mut shown = String::new();
    let begun = begin_sign_up("alice", PASSWORD, None);
    let up = run(
        begun,
        greeting,
        |_, it| gateway.serve(it),
        |flow| shown.push_str(&format!("{flow:?}\n")),
    );
    let stored = *up.result.unwrap();
    let code = stored.recovery_code.clone().unwrap();
    let run_recover = run(
        begin_recover(&code, true),
        greeting,
        |_, it| gateway.serve(it),
        |flow| shown.push_str(&format!("{flow:?}\n")),
    );
    let recovered = *run_recover.result.unwrap();
    let begun = Credentials::begin(&recovered, &words(NEW_PASSWORD), change(true), &mut rng(8));
    let _ = run(
        begun,
        greeting,
        |_, it| gateway.serve(it),
        |flow| shown.push_str(&format!("{flow:?}\n")),
    );
    let begun = SignIn::begin(name("alice"), &words(NEW_PASSWORD), &device(), &mut rng(9));
    let _ = run(
        begun,
        greeting,
        |_, it| gateway.serve(it),
        |flow| shown.push_str(&format!("{flow:?}\n")),
    );
    assert!(shown.contains("SignUp") && shown.contains("Recover"));
    let new_code = recovered.recovery_code.clone().unwrap();
    let keys = [
        *stored.account_key.to_bytes(),
        *stored.device_key.to_bytes(),
        *recovered.device_key.to_bytes(),
    ];
    let lists = keys.iter().map(|key| {
        let list = format!("{:?}", &key[..8]);
        list.trim_matches(['[', ']']).to_owned()
    });
    let hex = keys.iter().map(|key| {
        key[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    });
    let texts = [PASSWORD, NEW_PASSWORD, &code.0, &new_code.0].map(str::to_owned);
    for secret in texts.into_iter().chain(lists).chain(hex) {
        assert!(!shown.contains(&secret), "a secret shows");
    }
}
