//! `sotto` against somebody else's server.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod support;

use std::fs;

use support::User;
use support::foreign_server::ForeignServer;

/// Types these lines into `sotto classic`; what it printed.
fn classic(user: &User, lines: &str) -> String {
    user.sotto_with_input(&["classic"], lines).ok().stdout
}

fn at_foreign_server(server: &ForeignServer) -> User {
    let user = User::at(&[]);
    fs::write(user.path("server.info"), format!("{}\r\n", server.address)).unwrap();
    user
}

#[test]
fn the_classic_menu_works_from_registration_to_files() {
    let server = ForeignServer::start();
    let (anna, ben) = (at_foreign_server(&server), at_foreign_server(&server));
    assert!(classic(&anna, "110\nanna\n").contains("registered"));
    let taken = ben
        .sotto_with_input(&["classic"], "110\nanna\n110\nben\n0\n")
        .ok();
    assert!(
        taken.stdout.contains("server responded with an error\n"),
        "{taken:?}"
    );
    assert!(
        taken.stderr.contains("that name is \u{fffd}[31mtaken"),
        "{taken:?}"
    );

    let listed = classic(&anna, "120\n0\n");
    assert!(
        listed.contains("?ben\n\n110)"),
        "oneself is left out: {listed}"
    );
    fs::write(ben.path("picture.bin"), [0, 255, 7]).unwrap();
    let said = classic(
        &ben,
        "130\nanna\n152\nanna\n150\nanna\nhello anna\n153\nanna\npicture.bin\n153\nanna\nnone\n",
    );
    assert!(
        said.contains("public key received") && said.contains("file not found"),
        "{said}"
    );
    let got = classic(&anna, "140\n");
    let path = anna.path("ben-file");
    let wanted = format!(
        "From: ben\nContent:\nsymmetric key received\n.\n.\n-----<EOM>-----\n\n\
         From: ben\nContent:\nhello anna\n.\n.\n-----<EOM>-----\n\n\
         From: ben\nContent:\n{}\n.\n.\n-----<EOM>-----\n\n",
        path.display()
    );
    assert!(got.contains(&wanted), "{got}");
    assert_eq!(fs::read(path).unwrap(), [0, 255, 7]);
    assert!(
        classic(&ben, "150\nanna\nhi\n").contains("no symmetric key"),
        "keys are not kept"
    );
}

#[test]
fn the_version_byte_is_settable_and_me_info_is_read() {
    let server = ForeignServer::start();
    let anna = at_foreign_server(&server);
    classic(&anna, "110\nanna\n");
    fs::rename(anna.path("my.info"), anna.path("me.info")).unwrap();
    let arguments = ["classic", "--protocol-version", "1"];
    let printed = anna.sotto_with_input(&arguments, "120\n110\n0\n").ok();
    assert!(printed.stdout.contains("already registered"), "{printed:?}");
    assert_eq!(server.versions(), [2, 1]);
    anna.sotto_with_input(&["classic", "--protocol-version", "3"], "0\n")
        .fails(2);
}

#[test]
fn a_server_that_is_not_there_ends_no_session() {
    let user = User::at(&[]);
    let missing = user.sotto_with_input(&["classic"], "0\n").fails(1);
    assert!(missing.stderr.contains("server.info"), "{missing:?}");
    fs::write(user.path("server.info"), "127.0.0.1:1\n").unwrap();
    let printed = classic(&user, "110\nanna\n0\n");
    assert!(printed.contains("the server cannot be asked"), "{printed}");
    assert!(!user.path("my.info").exists());
}

#[test]
fn one_shot_commands_keep_to_the_seeds_requests() {
    let server = ForeignServer::start();
    let at = || User::at(&["--server", &server.address, "--seed-server"]);
    let (anna, ben) = (at(), at());
    anna.sotto(&["register", "anna"]).ok();
    ben.sotto(&["register", "anna"]).fails(4);
    ben.sotto(&["register", "ben"]).ok();
    anna.sotto(&["send", "ben", "hello"]).ok();
    assert_eq!(ben.news(), ["anna: hello"]);
    ben.sotto(&["send", "anna", "hello yourself"]).ok();
    assert_eq!(anna.news(), ["ben: hello yourself"]);
    let people = anna.sotto(&["--json", "people"]).ok().objects();
    assert_eq!(people.len(), 1, "oneself is left out");
    assert!(server.codes().iter().all(|code| (600..=604).contains(code)));
}

#[test]
fn a_message_whose_answer_was_lost_is_in_doubt_and_not_sent_twice() {
    let server = ForeignServer::start();
    let at = || User::at(&["--server", &server.address, "--seed-server"]);
    let (anna, ben) = (at(), at());
    anna.sotto(&["register", "anna"]).ok();
    ben.sotto(&["register", "ben"]).ok();
    anna.sotto(&["send", "ben", "one"]).ok();
    let sends = || server.codes().iter().filter(|code| **code == 603).count();
    let before = sends();
    server.leave_unanswered(603);
    let doubtful = anna.sotto(&["--json", "send", "ben", "two"]).fails(3);
    assert_eq!(doubtful.objects()[0]["failure"], "in_doubt");
    anna.sotto(&["people"]).ok();
    assert_eq!(sends(), before + 1);
    assert_eq!(ben.news(), ["anna: one", "anna: two"]);
}
