//! The menu, word for word.

/// What is printed once.
pub(crate) const GREETING: &str = "MessageU client at your service.";

/// What is printed before every choice.
pub(crate) const MENU: &str = "\
110) Register
120) Request for clients list
130) Request for public key
140) Request for waiting messages
150) Send a text message
151) Send a request for symmetric key
152) Send your symmetric key
153) Send a file
0) Exit client
";

/// What is printed when a choice is awaited.
pub(crate) const PROMPT: &str = "?";

/// What is printed when the server answers with an error.
pub(crate) const SERVER_ERROR: &str = "server responded with an error";

/// A line of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Register,
    ListClients,
    PublicKey,
    Pull,
    SendText,
    RequestKey,
    SendKey,
    SendFile,
    Exit,
}

impl Choice {
    /// Reads what the user typed.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        Some(match typed.trim() {
            "110" => Self::Register,
            "120" => Self::ListClients,
            "130" => Self::PublicKey,
            "140" => Self::Pull,
            "150" => Self::SendText,
            "151" => Self::RequestKey,
            "152" => Self::SendKey,
            "153" => Self::SendFile,
            "0" => Self::Exit,
            _ => return None,
        })
    }
}
