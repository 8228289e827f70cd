//! The wishes and the rules of a protocol.

use crate::{EncodeError, OptionWriter, RawOption};

/// The verdict on an option that the peer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has no other answers")]
pub enum Verdict {
    /// It can be taken.
    Accept,
    /// It needs another value, which was written.
    Nak,
    /// It is not known, or not negotiable.
    Reject,
}

/// RFC 1661 section 5: the options of a control protocol, with the wishes of this side and what the peer may have.
///
/// [`Negotiation`](super::Negotiation) calls these; each has its own part of the bookkeeping:
///
/// | packet | calls |
/// |---|---|
/// | a negotiation begins | [`restart`](Self::restart) |
/// | own Configure-Request | [`write_request`](Self::write_request), for every copy, and to compare answers with |
/// | Configure-Request | [`begin_request`](Self::begin_request), [`judge`](Self::judge) for each option, [`judge_missing`](Self::judge_missing) if none is rejected, [`accept_request`](Self::accept_request) if all are taken |
/// | Configure-Nak, -Reject | [`nak`](Self::nak), [`reject`](Self::reject) for each option |
/// | Configure-Ack | [`accept`](Self::accept) |
/// | each of these | [`check`](Self::check) |
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::automaton::State;
/// use ppp_fsm::negotiate::{Config, ControlProtocol, Negotiation, Verdict};
/// use ppp_fsm::{EncodeError, OptionWriter, Packet, RawOption};
///
/// /// Both ends say how fast they are, at most 9.
/// #[derive(Debug)]
/// struct Speed(u8);
///
/// impl ControlProtocol for Speed {
///     type Failure = core::convert::Infallible;
///
///     fn write_request(&self, options: &mut OptionWriter<'_>) -> Result<(), EncodeError> {
///         options.push(&RawOption { option_type: 1, data: &[self.0] })
///     }
///
///     fn judge(&mut self, option: RawOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict {
///         match option {
///             RawOption { option_type: 1, data: [0..=9] } => Verdict::Accept,
///             RawOption { option_type: 1, .. } => {
///                 let _ = nak.push(&RawOption { option_type: 1, data: &[9] });
///                 Verdict::Nak
///             }
///             _ => Verdict::Reject,
///         }
///     }
///
///     fn nak(&mut self, option: RawOption<'_>) {
///         if let RawOption { option_type: 1, data: [speed] } = option {
///             self.0 = *speed;
///         }
///     }
///
///     fn reject(&mut self, _: RawOption<'_>) {}
/// }
///
/// let now = Duration::ZERO;
/// let mut ends = [12, 3].map(|speed| Negotiation::new(Speed(speed), &Config::default()));
/// for end in &mut ends {
///     end.open(now);
///     end.up(now);
/// }
/// let mut buf = [0; 64];
/// while ends.iter().any(|end| end.state() != State::Opened) {
///     let [one, other] = &mut ends;
///     if let Some(bytes) = one.poll_transmit(now, &mut buf)? {
///         other.handle_packet(now, &Packet::decode(bytes)?)?;
///     }
///     ends.reverse();
/// }
/// let mut agreed = ends.map(|end| end.protocol().0);
/// agreed.sort();
/// assert_eq!(agreed, [3, 9]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ControlProtocol {
    /// Why the negotiation of this protocol cannot come to a good end.
    type Failure: Copy + core::fmt::Debug + PartialEq;

    /// Restores all wishes and forgets all that was agreed, since a negotiation begins. Default:
    /// nothing.
    fn restart(&mut self) {}

    /// Writes the options of a Configure-Request: the same as long as no other method was called.
    ///
    /// # Errors
    ///
    /// When they do not fit into 512 bytes. Nothing is sent then.
    fn write_request(&self, options: &mut OptionWriter<'_>) -> Result<(), EncodeError>;

    /// Begins to judge a Configure-Request of the peer. Default: nothing.
    fn begin_request(&mut self) {}

    /// Judges one of its options. A value that would do is written to `nak`, for [`Verdict::Nak`] only.
    fn judge(&mut self, option: RawOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict;

    /// Writes options to `nak` that the request has not got and has to have. Default: none.
    ///
    /// It is not called any more when the peer was asked as often as Max-Failure says.
    fn judge_missing(&mut self, nak: &mut OptionWriter<'_>) {
        let _ = nak;
    }

    /// Applies the request that was judged last, since it is acknowledged. Default: nothing.
    fn accept_request(&mut self) {}

    /// Applies the request of this side, which the peer acknowledged. Default: nothing.
    fn accept(&mut self) {}

    /// Handles a Nak: the peer asks for another value of an option, or for one that was not in the
    /// request.
    fn nak(&mut self, option: RawOption<'_>);

    /// Handles a Reject of an option of the request. It has to be left out from now on, and is not
    /// asked for twice.
    fn reject(&mut self, option: RawOption<'_>);

    /// Returns whether there is still hope. Default: yes.
    ///
    /// # Errors
    ///
    /// Returns an error when the protocol is closed.
    fn check(&self) -> Result<(), Self::Failure> {
        Ok(())
    }
}
