//! What is on the disk, when it is there, and when it is gone.

use super::*;
use sotto_gateway::storage::sqlite::FILE;

/// The files as they are at this moment: what a `kill -9` leaves.
fn snapshot(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in [FILE.to_owned(), format!("{FILE}-wal")] {
        let from = folder.join(&file);
        if from.exists() {
            std::fs::copy(from, copy.path().join(&file)).unwrap();
        }
    }
    copy
}

fn holds(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let file = std::fs::read(entry.unwrap().path()).unwrap();
        file.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn the_beginning_of_a_login_reads_no_vault() {
    let store = Store::new(sqlite);
    let (_, new) = store.sign_up("alice").await;
    let database = rusqlite::Connection::open(store.folder.path().join(FILE)).unwrap();
    database.execute("DROP TABLE vaults", []).unwrap();
    let accounts = &store.both.accounts;
    let (name, slot) = (new.name.clone(), Slot::Password);
    let file = accounts.password_file(name.clone(), slot).await.unwrap();
    assert!(file.unwrap().is_some());
    assert!(accounts.login(name, slot).await.unwrap().is_err());
}

#[tokio::test]
async fn what_was_applied_survives_kill_nine() {
    let store = Store::new(sqlite);
    let (alice, new) = store.sign_up("alice").await;
    store
        .done(Change::LoginFailed(vec![subject("alice")]))
        .await;
    store.invite(None, 1).await.unwrap();
    let copy = snapshot(store.folder.path());
    let revoke = Change::RevokeDevices {
        account: alice.account,
        revocations: vec![alice.revoke(new.certificate.client)],
    };
    store.apply(revoke).await.unwrap();
    let later = snapshot(store.folder.path());
    for (copy, revoked) in [(copy, false), (later, true)] {
        let both = sqlite(copy.path(), options(&store.clock));
        let again = Store {
            both,
            clock: store.clock.clone(),
            folder: copy,
            open: sqlite,
        };
        assert_eq!(
            again.account(alice.account).await,
            store.account(alice.account).await
        );
        assert_eq!(again.failures(&subject("alice")).await.count, 1);
        assert!(again.is_open(1).await);
        assert_eq!(
            again.is_revoked(new.certificate.client).await,
            Some(revoked)
        );
        let identity = again.both.accounts.identity();
        assert_eq!(identity.gateway, store.both.accounts.identity().gateway);
    }
}

#[tokio::test]
async fn a_deleted_account_is_gone_from_the_files() {
    let store = Store::new(sqlite);
    // Neighbours, so that pages stay in use.
    for n in 0..8 {
        store.sign_up(&format!("neighbour{n}")).await;
    }
    let alice = User::new("alice");
    let mut new = alice.sign_up();
    new.vault = [&b"vault of alice"[..], &[7; 9_000]].concat().into();
    store.done(register(&new)).await;
    store.sign_up("zoe").await;
    let mailbox = ClientId::from_bytes([9; 16]);
    store
        .done(Change::SetBridge {
            account: alice.account,
            bridge: Some(alice.bridge(mailbox, 0xa5)),
        })
        .await;
    let bob = store.classic("bob").await;
    let waiting = Write::Send {
        from: bob,
        message: message(mailbox, b"a message that waits for alice"),
        send_id: None,
    };
    assert!(matches!(store.write(waiting).await, Written::Stored(_)));
    let traces: [&[u8]; 8] = [
        b"vault of alice",
        &[7; 64],
        b"password of alice",
        b"recovery of alice",
        b"alice of the tests",
        b"a message that waits for alice",
        &[0xa5; 160],
        new.certificate.device_key.as_bytes(),
    ];
    for trace in traces {
        assert!(
            holds(store.folder.path(), trace),
            "{}",
            trace.escape_ascii()
        );
    }
    let delete = Change::DeleteAccount(alice.account);
    assert!(store.apply(delete).await.is_ok());
    let began = std::time::Instant::now();
    for trace in traces {
        // The write-ahead log is emptied right after the commit.
        while holds(store.folder.path(), trace) {
            let waited = began.elapsed() < Duration::from_secs(10);
            assert!(waited, "still there: {}", trace.escape_ascii());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert!(holds(store.folder.path(), b"vault of zoe"));
}

#[tokio::test]
async fn an_old_password_file_is_gone_from_the_files() {
    let store = Store::new(sqlite);
    let (alice, _) = store.sign_up("alice").await;
    let set = Change::SetCredentials {
        account: alice.account,
        password: Some(credential("a new password")),
        recovery: None,
        revocations: Vec::new(),
    };
    store.apply(set).await.unwrap();
    let began = std::time::Instant::now();
    while holds(store.folder.path(), b"password of alice") {
        assert!(began.elapsed() < Duration::from_secs(10), "still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(holds(store.folder.path(), b"a new password"));
    assert!(holds(store.folder.path(), b"recovery of alice"));
}

#[tokio::test]
async fn nothing_that_is_past_its_time_stays() {
    let store = Store::new(sqlite);
    let count = |sql: &str| {
        let database = rusqlite::Connection::open(store.folder.path().join(FILE)).unwrap();
        database
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let failures = "SELECT count(*) FROM login_failures";
    let invitations = "SELECT count(*) FROM invitations";
    let failed = Change::LoginFailed(vec![subject("alice"), address("192.0.2.1")]);
    store.done(failed).await;
    store.invite(None, 1).await.unwrap();
    assert_eq!((count(failures), count(invitations)), (2, 1));
    store.clock.advance(INVITATION_LIFETIME);
    let store = store.reopen().await;
    let count = |sql: &str| {
        let database = rusqlite::Connection::open(store.folder.path().join(FILE)).unwrap();
        database
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    // Pruning comes with the first order.
    store.done(Change::Seen(Vec::new())).await;
    store.done(Change::Seen(Vec::new())).await;
    assert_eq!((count(failures), count(invitations)), (0, 0));
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_the_gateway_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let store = Store::new(sqlite);
    store.sign_up("alice").await;
    let database = store.folder.path().join(FILE);
    let modes = |folder: &Path| -> Vec<u32> {
        let files = std::fs::read_dir(folder).unwrap();
        let names = files.map(|file| file.unwrap().path());
        names
            .filter(|path| path.to_string_lossy().contains(FILE))
            .map(|path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777)
            .collect()
    };
    assert_eq!(modes(store.folder.path()), [0o600; 3]);
    let wide = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&database, wide).unwrap();
    let store = store.reopen().await;
    assert!(modes(store.folder.path()).iter().all(|mode| *mode == 0o600));
}

#[tokio::test]
async fn a_change_for_which_there_is_no_room_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::set_to(START);
    let mut small = options(&clock);
    drop(sqlite(folder.path(), small.clone()));
    let size = std::fs::metadata(folder.path().join(FILE)).unwrap().len();
    small.database_max = size.max(1) + 64 * 1024;
    // The writer of the first one is let go by itself.
    let both = loop {
        let again = SqliteStorage::open(
            folder.path(),
            small.clone(),
            Arc::new(CommitMetrics::default()),
        );
        if let Ok(storage) = again {
            let storage = Arc::new(storage);
            break Both {
                storage: Arc::<SqliteStorage>::clone(&storage),
                accounts: storage,
            };
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let store = Store {
        both,
        clock,
        folder,
        open: sqlite,
    };
    let mut new = User::new("alice").sign_up();
    new.vault = vec![1; 256 * 1024].into();
    let beside = User::new("bob").sign_up();
    let pending = [
        store.both.accounts.apply(register(&new)),
        store.both.accounts.apply(register(&beside)),
    ];
    let [refused, done] = pending;
    assert_eq!(refused.await.unwrap(), Err(Refused::Failed));
    assert_eq!(done.await.unwrap(), Ok(Applied::Done));
    assert_eq!(store.listed().await, ["bob"]);
    assert_eq!(store.account(new.certificate.account).await, None);
}
