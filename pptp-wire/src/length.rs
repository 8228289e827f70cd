//! RFC 2637 section 1.4: lengths and offsets that header, errors and messages share.

/// The longest message, Incoming-Call-Request, in bytes. No length field may say more, whatever the type.
pub(crate) const MAX_MESSAGE_LEN: usize = 220;

/// Where the length field starts.
pub(crate) const LENGTH_OFFSET: usize = 0;

/// Where the magic cookie starts: behind length (2) and message type (2).
pub(crate) const MAGIC_COOKIE_OFFSET: usize = 2 + 2;
