//! Bounds of the wire. Sizes are bytes.

/// Longest user name: the 255-byte field keeps at least one terminating NUL.
pub const NAME_MAX: usize = 254;

/// Size of the zero-padded user name field in requests and records.
pub const NAME_FIELD: usize = 255;

/// Size of a public key on the wire: DER SubjectPublicKeyInfo of RSA-1024 with exponent 17.
pub const PUBLIC_KEY_SIZE: usize = 160;

/// Size of RSA-1024 ciphertext, that is, of a wrapped symmetric key.
pub const WRAPPED_KEY_SIZE: usize = 128;

/// Default for the largest content of one message (64 MiB). Gateways may configure another.
pub const CONTENT_MAX_DEFAULT: usize = 64 * 1024 * 1024;

/// Most payload bytes that are skipped behind what a request needs, before the peer is refused.
pub const SURPLUS_MAX: usize = 64 * 1024;

/// Unit of packet mode: some clients pad every request to a multiple of it with zeros, and read
/// answers in such units.
pub const PACKET_UNIT: usize = 1024;

/// Most waiting messages in one answer that a client accepts.
pub const WAITING_RECORDS_MAX: usize = 1_000_000;

/// Largest answer payload that a client accepts (256 MiB).
pub const RESPONSE_MAX: usize = 256 * 1024 * 1024;

/// Longest error text of a foreign server that a client keeps.
pub const ERROR_TEXT_MAX: usize = 200;

/// Most payload bytes of a version 3 request on a connection that is not authenticated.
pub const SOTTO_PAYLOAD_MAX_UNAUTHENTICATED: usize = 16 * 1024;

/// Most payload bytes of a version 3 request on an authenticated connection.
pub const SOTTO_PAYLOAD_MAX: usize = 1024 * 1024;

/// Most payload bytes of a [`Commit`](crate::sotto::request::Commit): a commit, the group info and a
/// welcome of a group of a thousand devices in the post-quantum suite.
pub const COMMIT_PAYLOAD_MAX: usize = 8 * 1024 * 1024;

/// Most payload bytes of a version 3 response or push that a client accepts.
pub const SOTTO_RESPONSE_MAX: usize = COMMIT_PAYLOAD_MAX + 64 * 1024;

/// Most bytes of one message to a group.
pub const MESSAGE_MAX: usize = 256 * 1024;

/// Most devices in one group.
pub const GROUP_DEVICES_MAX: usize = 1024;

/// Most bytes of one key package.
pub const KEY_PACKAGE_MAX: usize = 8 * 1024;

/// Most one-time key packages of one device and suite.
pub const KEY_PACKAGES_MAX: usize = 100;

/// Most groups in one answer.
pub const GROUPS_PAGE_MAX: usize = 500;

/// Most entries of a mailbox in one push.
pub const DELIVERIES_MAX: usize = 256;

/// Most entries of a mailbox that are pushed before an acknowledgement is awaited.
pub const DELIVERY_WINDOW: usize = 1024;

/// Most revocations of one account that are told.
pub const REVOCATIONS_MAX: usize = 32;

/// Most version 3 requests on a connection before it is authenticated.
pub const UNAUTHENTICATED_REQUESTS_MAX: u32 = 16;

/// Seconds that a connection may stay unauthenticated after its `ClientHello`.
pub const UNAUTHENTICATED_SECONDS: u32 = 60;

/// Seconds that a nonce can be signed for.
pub const NONCE_SECONDS: u32 = 60;

/// Longest name and version of a program, and of a platform, in bytes.
pub const AGENT_MAX: usize = 64;

/// Longest name of a device, in characters.
pub const DEVICE_NAME_MAX: usize = 64;

/// Most devices of one account.
pub const DEVICES_MAX: usize = 32;

/// Most accounts in one answer, and most names or ids in one question.
pub const DIRECTORY_PAGE_MAX: usize = 200;

/// Longest invitation code, in bytes.
pub const INVITATION_MAX: usize = 64;

/// Longest text of one message in a conversation, in bytes.
pub const CONTENT_TEXT_MAX: usize = 64 * 1024;

/// Most mentions in one message.
pub const MENTIONS_MAX: usize = 100;

/// Longest emoji of a reaction, in bytes.
pub const EMOJI_MAX: usize = 32;

/// Longest name of a group, in characters.
pub const GROUP_NAME_MAX: usize = 64;

/// Largest picture of a group, in bytes.
pub const GROUP_PICTURE_MAX: usize = 64 * 1024;

/// Longest time after which texts disappear, in seconds: a year.
pub const EXPIRES_AFTER_MAX: u32 = 365 * 24 * 60 * 60;
