//! What the application messages of a conversation hold (`proto/content.proto`), once MLS has opened
//! them. Only clients see it; another client may have written it, so it is parsed like anything
//! else from outside.

use bytes::Bytes;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::limits::{
    CONTENT_TEXT_MAX, EMOJI_MAX, EXPIRES_AFTER_MAX, GROUP_NAME_MAX, GROUP_PICTURE_MAX,
    MENTIONS_MAX, MESSAGE_MAX,
};
use crate::sotto::group::GroupSeq;
use crate::{AccountId, ContentId, GroupId};

/// One application message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What replies, reactions, edits and deletions refer to.
    pub id: ContentId,
    /// Counts up from 1 for each device and group; 0 for what is not stored.
    pub counter: u64,
    /// Milliseconds since 1970, by the sender's clock.
    pub sent_at: u64,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A text.
    Text(Text),
    /// An emoji on a text.
    Reaction(Reaction),
    /// Another text in place of an earlier one, by the same account.
    Edit(Edit),
    /// An earlier text is taken back for everyone.
    Deletion(ContentId),
    /// How far the sender has come.
    Receipt(Receipt),
    /// The sender is writing. Never stored.
    Typing {
        /// Not any more.
        stopped: bool,
    },
    /// Bytes of a [`Profile`], whose digest stands in the group's policy.
    Profile(Bytes),
    /// To the own devices.
    Sync(Sync),
    /// Something of a later version.
    Unknown,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// At most [`CONTENT_TEXT_MAX`] bytes, not blank.
    pub text: String,
    /// In order, without overlaps.
    pub mentions: Vec<Mention>,
    /// What it replies to.
    pub reply_to: Option<ContentId>,
    /// Seconds after which it disappears; 0 for never.
    pub expires_after: u32,
}

/// A stretch of a text that means somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Whom.
    pub account: AccountId,
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub length: u32,
}

/// An emoji on a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// On which.
    pub to: ContentId,
    /// 1 to [`EMOJI_MAX`] bytes.
    pub emoji: String,
    /// Takes it back.
    pub removed: bool,
}

/// Another text in place of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Of which.
    pub of: ContentId,
    /// As [`Text::text`].
    pub text: String,
    /// As [`Text::mentions`].
    pub mentions: Vec<Mention>,
}

/// How far somebody has come: everything up to these places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Receipt {
    /// Arrived on a device.
    pub delivered: GroupSeq,
    /// Seen.
    pub read: GroupSeq,
}

/// What the own devices tell each other of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sync {
    /// Of which.
    pub group: GroupId,
    /// Read up to here.
    pub read: GroupSeq,
    /// Pinned to the top.
    pub pinned: bool,
    /// No notifications.
    pub muted: bool,
    /// Out of the way.
    pub archived: bool,
    /// Nothing up to here is shown any more.
    pub cleared: GroupSeq,
}

/// What a group is called and looks like. The gateway sees none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// Random, so that nobody can guess the name from the digest.
    pub salt: [u8; 32],
    /// At most [`GROUP_NAME_MAX`] characters; empty for direct chats.
    pub name: String,
    /// PNG, JPEG or WebP; empty without one.
    pub picture: Bytes,
    /// Seconds after which texts disappear; 0 for never.
    pub expires_after: u32,
}

impl core::fmt::Debug for Profile {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Profile").finish_non_exhaustive()
    }
}

/// Why bytes are no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadContent {
    /// Not the format at all.
    #[error("a message's content cannot be read: {0}")]
    Protobuf(prost::DecodeError),
    /// A field that is too large, too small or out of place.
    #[error("a message's content has a {0} that cannot be")]
    Field(&'static str),
}

impl Content {
    /// Reads what MLS has opened.
    ///
    /// # Errors
    /// [`BadContent`]. A body of a later version is [`Body::Unknown`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BadContent> {
        let proto = proto::Content::decode(bytes).map_err(BadContent::Protobuf)?;
        Ok(Self {
            id: id("id", &proto.id)?,
            counter: proto.counter,
            sent_at: proto.sent_at,
            body: proto.body.map_or(Ok(Body::Unknown), Body::read)?,
        })
    }

    /// The bytes to encrypt.
    pub fn encode(&self) -> Vec<u8> {
        proto::Content {
            id: written(self.id.as_bytes()),
            counter: self.counter,
            sent_at: self.sent_at,
            body: self.body.write(),
        }
        .encode_to_vec()
    }
}

impl Body {
    fn read(proto: proto::content::Body) -> Result<Self, BadContent> {
        use proto::content::Body as Proto;
        Ok(match proto {
            Proto::Text(it) => Self::Text(Text {
                mentions: mentions(&it.text, &it.mentions)?,
                text: text(it.text)?,
                reply_to: match it.reply_to.is_empty() {
                    true => None,
                    false => Some(id("reply", &it.reply_to)?),
                },
                expires_after: expiry(it.expires_after)?,
            }),
            Proto::Reaction(it) => Self::Reaction(Reaction {
                to: id("reaction", &it.to)?,
                emoji: match it.emoji.len() {
                    1..=EMOJI_MAX if !it.emoji.chars().any(char::is_control) => it.emoji,
                    _ => return Err(BadContent::Field("emoji")),
                },
                removed: it.removed,
            }),
            Proto::Edit(it) => Self::Edit(Edit {
                of: id("edit", &it.of)?,
                mentions: mentions(&it.text, &it.mentions)?,
                text: text(it.text)?,
            }),
            Proto::Deletion(it) => Self::Deletion(id("deletion", &it.of)?),
            Proto::Receipt(it) => Self::Receipt(Receipt {
                delivered: GroupSeq(it.delivered),
                read: GroupSeq(it.read),
            }),
            Proto::Typing(it) => Self::Typing {
                stopped: it.stopped,
            },
            Proto::Profile(it) if it.profile.len() <= MESSAGE_MAX => Self::Profile(it.profile),
            Proto::Profile(_) => return Err(BadContent::Field("profile")),
            Proto::Sync(it) => Self::Sync(Sync {
                group: GroupId::from_bytes(array("group", &it.group)?),
                read: GroupSeq(it.read),
                pinned: it.pinned,
                muted: it.muted,
                archived: it.archived,
                cleared: GroupSeq(it.cleared),
            }),
        })
    }

    fn write(&self) -> Option<proto::content::Body> {
        use proto::content::Body as Proto;
        Some(match self {
            Self::Text(it) => Proto::Text(proto::Text {
                text: it.text.clone(),
                mentions: it.mentions.iter().map(write_mention).collect(),
                reply_to: it
                    .reply_to
                    .map_or_else(Bytes::new, |id| written(id.as_bytes())),
                expires_after: it.expires_after,
            }),
            Self::Reaction(it) => Proto::Reaction(proto::Reaction {
                to: written(it.to.as_bytes()),
                emoji: it.emoji.clone(),
                removed: it.removed,
            }),
            Self::Edit(it) => Proto::Edit(proto::Edit {
                of: written(it.of.as_bytes()),
                text: it.text.clone(),
                mentions: it.mentions.iter().map(write_mention).collect(),
            }),
            Self::Deletion(of) => Proto::Deletion(proto::Deletion {
                of: written(of.as_bytes()),
            }),
            Self::Receipt(it) => Proto::Receipt(proto::Receipt {
                delivered: it.delivered.0,
                read: it.read.0,
            }),
            Self::Typing { stopped } => Proto::Typing(proto::Typing { stopped: *stopped }),
            Self::Profile(profile) => Proto::Profile(proto::ProfileUpdate {
                profile: profile.clone(),
            }),
            Self::Sync(it) => Proto::Sync(proto::Sync {
                group: written(it.group.as_bytes()),
                read: it.read.0,
                pinned: it.pinned,
                muted: it.muted,
                archived: it.archived,
                cleared: it.cleared.0,
            }),
            Self::Unknown => return None,
        })
    }
}

impl Profile {
    /// Reads the bytes of a [`Body::Profile`] that have the digest of the group's policy.
    ///
    /// # Errors
    /// [`BadContent`], also for another digest.
    pub fn decode(bytes: &[u8], digest: &[u8; 32]) -> Result<Self, BadContent> {
        if Self::digest(bytes) != *digest {
            return Err(BadContent::Field("digest"));
        }
        let proto = proto::Profile::decode(bytes).map_err(BadContent::Protobuf)?;
        if proto.picture.len() > GROUP_PICTURE_MAX {
            return Err(BadContent::Field("picture"));
        }
        if !is_group_name(&proto.name) {
            return Err(BadContent::Field("name"));
        }
        Ok(Self {
            salt: array("salt", &proto.salt)?,
            name: proto.name,
            picture: proto.picture,
            expires_after: expiry(proto.expires_after)?,
        })
    }

    /// The bytes to send in a [`Body::Profile`].
    pub fn encode(&self) -> Vec<u8> {
        proto::Profile {
            salt: written(&self.salt),
            name: self.name.clone(),
            picture: self.picture.clone(),
            expires_after: self.expires_after,
        }
        .encode_to_vec()
    }

    /// What stands for these bytes in the group's policy.
    pub fn digest(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }
}

/// Whether a group can be called so: at most [`GROUP_NAME_MAX`] characters, none of them a control
/// character, no blanks around. Direct chats have no name: the empty one.
pub fn is_group_name(name: &str) -> bool {
    name.chars().count() <= GROUP_NAME_MAX
        && name.trim() == name
        && !name.chars().any(char::is_control)
}

/// Whether a text can be sent: not blank, at most [`CONTENT_TEXT_MAX`] bytes, no control characters
/// but line ends and tabs.
pub fn is_text(text: &str) -> bool {
    let may = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    !text.trim().is_empty() && text.len() <= CONTENT_TEXT_MAX && text.chars().all(may)
}

fn text(text: String) -> Result<String, BadContent> {
    match is_text(&text) {
        true => Ok(text),
        false => Err(BadContent::Field("text")),
    }
}

/// Reads mentions: in order, apart, each a stretch of whole characters.
fn mentions(text: &str, protos: &[proto::Mention]) -> Result<Vec<Mention>, BadContent> {
    const FIELD: BadContent = BadContent::Field("mention");
    if protos.len() > MENTIONS_MAX {
        return Err(FIELD);
    }
    let mut free = 0;
    protos
        .iter()
        .map(|proto| {
            let start = usize::try_from(proto.start).map_err(|_| FIELD)?;
            let length = usize::try_from(proto.length).map_err(|_| FIELD)?;
            let end = start.checked_add(length).ok_or(FIELD)?;
            if start < free || text.get(start..end).is_none_or(str::is_empty) {
                return Err(FIELD);
            }
            free = end;
            Ok(Mention {
                account: AccountId::from_bytes(array("mention", &proto.account)?),
                start: proto.start,
                length: proto.length,
            })
        })
        .collect()
}

fn write_mention(mention: &Mention) -> proto::Mention {
    proto::Mention {
        account: written(mention.account.as_bytes()),
        start: mention.start,
        length: mention.length,
    }
}

fn expiry(seconds: u32) -> Result<u32, BadContent> {
    match seconds {
        0..=EXPIRES_AFTER_MAX => Ok(seconds),
        _ => Err(BadContent::Field("expiry")),
    }
}

fn id(field: &'static str, bytes: &[u8]) -> Result<ContentId, BadContent> {
    array(field, bytes).map(ContentId::from_bytes)
}

fn array<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N], BadContent> {
    bytes.try_into().map_err(|_| BadContent::Field(field))
}

fn written(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// The messages as the `.proto` file has them.
#[expect(unreachable_pub, reason = "generated")]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/sotto.content.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ContentId = ContentId::from_bytes([0x1d; 16]);
    const ACCOUNT: AccountId = AccountId::from_bytes([0xac; 16]);

    fn content(body: Body) -> Content {
        Content {
            id: ID,
            counter: 7,
            sent_at: 1_800_000_000_123,
            body,
        }
    }

    fn mention(start: u32, length: u32) -> Mention {
        Mention {
            account: ACCOUNT,
            start,
            length,
        }
    }

    fn said(text: &str, mentions: Vec<Mention>) -> Body {
        Body::Text(Text {
            text: text.to_owned(),
            mentions,
            reply_to: Some(ID),
            expires_after: 60,
        })
    }

    fn every_body() -> Vec<Body> {
        vec![
            said("hello @alice", vec![mention(6, 6)]),
            Body::Reaction(Reaction {
                to: ID,
                emoji: "👍".to_owned(),
                removed: true,
            }),
            Body::Edit(Edit {
                of: ID,
                text: "hullo".to_owned(),
                mentions: Vec::new(),
            }),
            Body::Deletion(ID),
            Body::Receipt(Receipt {
                delivered: GroupSeq(9),
                read: GroupSeq(8),
            }),
            Body::Typing { stopped: true },
            Body::Profile(Bytes::from_static(b"profile")),
            Body::Sync(Sync {
                group: GroupId::from_bytes([0x60; 16]),
                read: GroupSeq(5),
                pinned: true,
                muted: true,
                archived: true,
                cleared: GroupSeq(4),
            }),
            Body::Unknown,
        ]
    }

    #[test]
    fn every_body_round_trips() {
        for body in every_body() {
            let content = content(body);
            assert_eq!(Content::decode(&content.encode()), Ok(content));
        }
    }

    #[test]
    fn texts_that_cannot_be_are_refused() {
        let long = "x".repeat(CONTENT_TEXT_MAX + 1);
        for text in ["", " \n", "a\u{1b}[31m", long.as_str()] {
            let decoded = Content::decode(&content(said(text, Vec::new())).encode());
            assert_eq!(decoded, Err(BadContent::Field("text")), "{text:.20}");
        }
        let longest = "x".repeat(CONTENT_TEXT_MAX);
        assert!(Content::decode(&content(said(&longest, Vec::new())).encode()).is_ok());
    }

    #[test]
    fn mentions_are_stretches_of_whole_characters_apart_and_in_order() {
        let refused = [
            vec![mention(0, 0)],
            vec![mention(1, 1)],
            vec![mention(0, 99)],
            vec![mention(u32::MAX, u32::MAX)],
            vec![mention(2, 3), mention(4, 1)],
            vec![mention(4, 1), mention(2, 1)],
            vec![mention(2, 1); MENTIONS_MAX + 1],
        ];
        for mentions in refused {
            let decoded = Content::decode(&content(said("ä b c", mentions.clone())).encode());
            assert_eq!(
                decoded,
                Err(BadContent::Field("mention")),
                "{:?}",
                mentions.first()
            );
        }
        let two = vec![mention(0, 2), mention(3, 1)];
        assert!(Content::decode(&content(said("ä b c", two)).encode()).is_ok());
    }

    #[test]
    fn reactions_and_expiries_are_bounded() {
        let reaction = |emoji: String| {
            content(Body::Reaction(Reaction {
                to: ID,
                emoji,
                removed: false,
            }))
        };
        for (size, fits) in [(0, false), (EMOJI_MAX, true), (EMOJI_MAX + 1, false)] {
            let decoded = Content::decode(&reaction("x".repeat(size)).encode());
            assert_eq!(decoded.is_ok(), fits, "{size}");
        }
        for (seconds, fits) in [(EXPIRES_AFTER_MAX, true), (EXPIRES_AFTER_MAX + 1, false)] {
            let body = Body::Text(Text {
                text: "soon gone".to_owned(),
                mentions: Vec::new(),
                reply_to: None,
                expires_after: seconds,
            });
            let decoded = Content::decode(&content(body).encode());
            assert_eq!(decoded.is_ok(), fits, "{seconds}");
        }
    }

    #[test]
    fn a_profile_is_taken_by_its_digest_only() {
        let profile = Profile {
            salt: [3; 32],
            name: "Book club".to_owned(),
            picture: Bytes::from_static(b"\x89PNG"),
            expires_after: 0,
        };
        let bytes = profile.encode();
        let digest = Profile::digest(&bytes);
        assert_eq!(Profile::decode(&bytes, &digest), Ok(profile.clone()));
        assert!(Profile::decode(&bytes, &[0; 32]).is_err());
        assert_eq!(format!("{profile:?}"), "Profile { .. }");
    }
}
