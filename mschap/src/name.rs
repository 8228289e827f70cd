//! Which part of a name is hashed.

/// RFC 2759 section 4: which bytes of the Name field enter the challenge hash.
///
/// The RFC hashes the user name without a Windows domain in front of it. Peers disagree about a
/// name with two backslashes, and a proof over the wrong bytes looks like a wrong password.
/// `user@domain` has no domain in front: it is hashed whole by all.
///
/// | policy | `CORP\alice` | `CORP\eu\alice` | `alice@corp` | used by |
/// |---|---|---|---|---|
/// | [`CutBehindLastBackslash`](Self::CutBehindLastBackslash) | `alice` | `alice` | `alice@corp` | pppd, lwIP, npppd |
/// | [`CutBehindFirstBackslash`](Self::CutBehindFirstBackslash) | `alice` | `eu\alice` | `alice@corp` | FreeRADIUS, hostap |
/// | [`Whole`](Self::Whole) | `CORP\alice` | `CORP\eu\alice` | `alice@corp` | asked to |
///
/// ```
/// use mschap::NamePolicy;
///
/// let policy = NamePolicy::default();
/// assert_eq!(policy.user(br"CORP\alice"), b"alice");
/// assert_eq!(policy.domain(br"CORP\alice"), Some(&b"CORP"[..]));
/// assert_eq!(policy.user(b"alice@corp.example"), b"alice@corp.example");
/// assert_eq!(policy.domain(b"alice@corp.example"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum NamePolicy {
    /// The part behind the last backslash. The default.
    #[default]
    CutBehindLastBackslash,
    /// The part behind the first backslash.
    CutBehindFirstBackslash,
    /// The whole name.
    Whole,
}

impl NamePolicy {
    /// Returns the bytes of `name` that are hashed.
    #[must_use]
    pub fn user(self, name: &[u8]) -> &[u8] {
        self.split(name).1
    }

    /// Returns the Windows domain in front of them, without the backslash. `None` when there is no
    /// backslash, or none is cut at.
    #[must_use]
    pub fn domain(self, name: &[u8]) -> Option<&[u8]> {
        self.split(name).0
    }

    fn split(self, name: &[u8]) -> (Option<&[u8]>, &[u8]) {
        let is_backslash = |byte: &u8| *byte == b'\\';
        let at = match self {
            // pppd, npppd and lwIP cut at the last backslash.
            Self::CutBehindLastBackslash => name.iter().rposition(is_backslash),
            Self::CutBehindFirstBackslash => name.iter().position(is_backslash),
            Self::Whole => None,
        };
        match at.and_then(|at| name.split_at_checked(at)) {
            Some((domain, [_backslash, user @ ..])) => (Some(domain), user),
            _ => (None, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_backslashes_are_cut_as_asked() {
        let name = br"CORP\eu\alice";
        assert_eq!(NamePolicy::CutBehindLastBackslash.split(name), (Some(&br"CORP\eu"[..]), &b"alice"[..]));
        assert_eq!(NamePolicy::CutBehindFirstBackslash.split(name), (Some(&b"CORP"[..]), &br"eu\alice"[..]));
        assert_eq!(NamePolicy::Whole.split(name), (None, &name[..]));
    }

    #[test]
    fn edges() {
        for policy in [NamePolicy::CutBehindLastBackslash, NamePolicy::CutBehindFirstBackslash] {
            assert_eq!(policy.split(b""), (None, &b""[..]));
            assert_eq!(policy.split(b"\\"), (Some(&b""[..]), &b""[..]));
            assert_eq!(policy.split(b"\\alice"), (Some(&b""[..]), &b"alice"[..]));
            assert_eq!(policy.split(b"CORP\\"), (Some(&b"CORP"[..]), &b""[..]));
        }
    }
}
