//! The words of a peer that refuses or ends something.

use core::fmt;

use crate::Text;
use crate::buffer::Short;

/// The peer's own words: the text of its refusal or of its Terminate-Request, cut to
/// [`MAX_LEN`](Self::MAX_LEN) bytes.
///
/// They are a copy, so that they travel with a reason. Nothing proves them, and they are printed
/// escaped. Empty words are none.
///
/// ```
/// use ppp_fsm::Words;
///
/// let words = Words::new(b"Time's up\x1b[2J\0");
/// assert_eq!(words.to_string(), r#"Time\'s up\x1b[2J"#);
/// assert_eq!(words.as_bytes(), b"Time's up\x1b[2J");
/// assert!(Words::default().is_empty());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Words(Short<{ Self::MAX_LEN }>);

impl Words {
    /// The most bytes that are kept: as many as [`Negotiation`](crate::negotiate::Negotiation) can send.
    pub const MAX_LEN: usize = 48;

    /// No words.
    pub const NONE: Self = Self(Short::EMPTY);

    /// Takes what fits. Zeros and white space at the end are left out: pppd sends the zero of its C
    /// strings, others a line feed.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let is_padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
        let length = bytes.iter().rposition(|byte| !is_padding(byte)).map_or(0, |last| last.saturating_add(1));
        Self(Short::new(bytes.get(..length).unwrap_or(bytes)))
    }

    /// Returns the bytes that are kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text(self.as_bytes()).fmt(f)
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Text(self.as_bytes()), f)
    }
}

/// Prints words behind a sentence, in quotation marks, or nothing if there are none.
pub(crate) struct Quoted(pub(crate) Words);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {:?}", self.0) }
    }
}
