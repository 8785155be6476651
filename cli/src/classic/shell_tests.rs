//! The menu against a server that only exists in memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::*;
use sotto_shared::classic::response::{ClientRecord, PublicKeyAnswer, Registered, WaitingMessage};
use sotto_shared::classic::{PublicKeyBytes, Request, RequestBody, Response, Version};

#[derive(Default)]
struct Server {
    users: Vec<(ClientId, UserName, PublicKeyBytes)>,
    waiting: HashMap<ClientId, Vec<WaitingMessage>>,
}

impl Wire for Rc<RefCell<Server>> {
    fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        let mut server = self.borrow_mut();
        Ok(match request.body.clone() {
            RequestBody::Register(register) => {
                if server
                    .users
                    .iter()
                    .any(|(_, name, _)| *name == register.name)
                {
                    return Ok(Response::Error(String::new()));
                }
                let client = ClientId::random(&mut OsRng);
                server
                    .users
                    .push((client, register.name, register.public_key));
                Response::Registered(Registered { client })
            }
            RequestBody::ListClients => Response::ClientList(
                server
                    .users
                    .iter()
                    .map(|(client, name, _)| ClientRecord {
                        client: *client,
                        name: name.clone(),
                    })
                    .collect(),
            ),
            RequestBody::PublicKey(asked) => {
                let found = server
                    .users
                    .iter()
                    .find(|(client, ..)| *client == asked.wanted);
                match found {
                    Some((client, _, public_key)) => Response::PublicKey(PublicKeyAnswer {
                        client: *client,
                        public_key: *public_key,
                    }),
                    None => Response::Error("who?\u{1b}[2J".into()),
                }
            }
            RequestBody::Send(send) => {
                let message = WaitingMessage {
                    from: request.client,
                    message: sotto_shared::MessageId(1),
                    kind: send.kind,
                    content: send.content,
                };
                server.waiting.entry(send.to).or_default().push(message);
                Response::Stored(None)
            }
            RequestBody::Pull => {
                Response::Waiting(server.waiting.remove(&request.client).unwrap_or_default())
            }
            other => panic!("a classic client never asks {}", other.code()),
        })
    }
}

struct User {
    server: Rc<RefCell<Server>>,
    folder: tempfile::TempDir,
}

impl User {
    fn new(server: &Rc<RefCell<Server>>) -> Self {
        Self {
            server: Rc::clone(server),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs the program once with these lines typed; gives what it printed, and its session's
    /// folder keeps what it wrote.
    fn types(&self, lines: &str) -> String {
        let (mut output, mut warnings) = (Vec::new(), Vec::new());
        let identity = info::read_identity(self.folder.path()).unwrap();
        Shell {
            session: Session::new(Version::V2, identity),
            wire: Rc::clone(&self.server),
            folder: self.folder.path(),
            temporary: self.folder.path().to_owned(),
            input: &mut lines.as_bytes(),
            output: &mut output,
            warnings: &mut warnings,
        }
        .run()
        .unwrap();
        String::from_utf8(output).unwrap()
    }
}

#[test]
fn the_menu_is_the_seeds_word_for_word() {
    let user = User::new(&Rc::default());
    assert_eq!(
        user.types("0\n"),
        "MessageU client at your service.\n\n\
         110) Register\n120) Request for clients list\n130) Request for public key\n\
         140) Request for waiting messages\n150) Send a text message\n\
         151) Send a request for symmetric key\n152) Send your symmetric key\n\
         153) Send a file\n0) Exit client\n?"
    );
}

#[test]
fn the_end_of_the_input_is_a_clean_end_anywhere() {
    let user = User::new(&Rc::default());
    for lines in ["", "110", "110\n", "\n\n", "110\nanna\n150\n", "150\nx"] {
        user.types(lines);
    }
}

#[test]
fn a_second_registration_is_refused_and_a_taken_name_is_a_server_error() {
    let server = Rc::default();
    let anna = User::new(&server);
    assert!(anna.types("110\nanna\n").contains("registered\n"));
    assert!(anna.types("110\nanna2\n").contains("already registered"));
    assert_eq!(server.borrow().users.len(), 1);
    let other = User::new(&server);
    assert!(
        other
            .types("110\nanna\n")
            .contains("server responded with an error\n")
    );
    assert!(!info::identity_exists(other.folder.path()));
}

#[test]
fn messages_print_in_the_seeds_form() {
    let server = Rc::default();
    let (anna, ben) = (User::new(&server), User::new(&server));
    anna.types("110\nanna\n");
    ben.types("110\nben\n");
    let path = ben.folder.path().join("sent.bin");
    fs::write(&path, b"\x00\xffcontent").unwrap();
    let path = path.display();
    let typed = format!(
        "151\nanna\n152\nanna\n150\nanna\nhello \u{1b}[31manna\n153\nanna\n{path}\n153\nanna\n/no/such\n"
    );
    let said = ben.types(&typed);
    assert_eq!(said.matches("sent\n").count(), 4, "{said}");
    assert!(said.contains("file not found\n"));

    let printed = anna.types("140\n140\n");
    let saved = anna.folder.path().join("ben-file");
    let wanted = format!(
        "?From: ben\nContent:\nRequest for symmetric key\n.\n.\n-----<EOM>-----\n\n\
         From: ben\nContent:\nsymmetric key received\n.\n.\n-----<EOM>-----\n\n\
         From: ben\nContent:\nhello \u{fffd}[31manna\n.\n.\n-----<EOM>-----\n\n\
         From: ben\nContent:\n{}\n.\n.\n-----<EOM>-----\n\n\n110) Register",
        saved.display()
    );
    assert!(printed.contains(&wanted), "{printed}");
    assert_eq!(fs::read(saved).unwrap(), b"\x00\xffcontent");
}

#[test]
fn text_without_a_key_is_not_sent_and_text_under_an_unknown_key_says_so() {
    let server = Rc::default();
    let (anna, ben) = (User::new(&server), User::new(&server));
    anna.types("110\nanna\n");
    ben.types("110\nben\n");
    assert!(
        ben.types("150\nanna\nhi\n")
            .contains("there is no symmetric key with this user")
    );
    assert!(
        ben.types("150\nnobody\n")
            .contains("there is no user named nobody")
    );
    ben.types("152\nanna\n150\nanna\nhi\n");
    let id = server.borrow().users[0].0;
    server.borrow_mut().waiting.get_mut(&id).unwrap().remove(0);
    assert!(
        anna.types("140\n")
            .contains("From: ben\nContent:\ncan't decrypt message\n.\n.\n")
    );
}
