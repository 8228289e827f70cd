//! The error numbers of Windows.

/// Returns what an error number of Windows' Remote Access Service means, for those that concern PPP.
///
/// ```
/// use ppp_fsm::link::windows_error_text;
///
/// assert_eq!(windows_error_text(691), Some("the user name or the password is wrong"));
/// assert_eq!(windows_error_text(1), None);
/// ```
#[must_use]
pub fn windows_error_text(code: u32) -> Option<&'static str> {
    Some(match code {
        619 => "the connection was closed before it was up, often because GRE is blocked",
        629 => "the remote computer closed the connection",
        646 => "the account may not log on at this time of day",
        647 => "the account is disabled",
        648 => "the password has expired",
        649 => "the account may not dial in",
        691 => "the user name or the password is wrong",
        709 => "the new password was not taken",
        718 => "the remote computer did not answer in time",
        720 => "no PPP control protocol could be agreed upon",
        721 => "the remote computer does not answer",
        734 => "LCP was terminated",
        741 => "this computer does not support the required encryption",
        742 => "the remote computer does not support the required encryption",
        778 => "the server did not prove that it knows the password",
        800 => "the server could not be reached, or did not accept the connection",
        806 => "GRE packets do not come through",
        919 => "no authentication protocol could be agreed upon",
        _ => return None,
    })
}
