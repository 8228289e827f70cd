//! SPDX licence expressions, and whether a list of licences satisfies them.

/// Returns whether an expression such as `(MIT OR Apache-2.0) AND NCSA` holds with these licences
/// alone.
///
/// `AND` binds stronger than `OR`; the `/` of old manifests is an `OR`; a licence `WITH` an exception is its own.
#[must_use]
pub fn is_satisfied(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let holds = any_of(&mut rest, allowed);
    // An expression that could not be read to its end is not allowed.
    holds && rest.is_empty()
}

fn any_of(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut holds = all_of(rest, allowed);
    while take(rest, "OR") {
        holds |= all_of(rest, allowed);
    }
    holds
}

fn all_of(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut holds = one(rest, allowed);
    while take(rest, "AND") {
        holds &= one(rest, allowed);
    }
    holds
}

fn one(rest: &mut &[&str], allowed: &[&str]) -> bool {
    if take(rest, "(") {
        let holds = any_of(rest, allowed);
        return take(rest, ")") && holds;
    }
    let Some((licence, behind)) = rest.split_first() else { return false };
    *rest = behind;
    if take(rest, "WITH") {
        let Some((exception, behind)) = rest.split_first() else { return false };
        *rest = behind;
        return allowed.contains(&format!("{licence} WITH {exception}").as_str());
    }
    allowed.contains(licence)
}

fn take(rest: &mut &[&str], token: &str) -> bool {
    match rest.split_first() {
        Some((first, behind)) if *first == token => {
            *rest = behind;
            true
        }
        _ => false,
    }
}
