//! The methods that the handle of a call has in every carrier.

/// Writes the methods of a call's handle that go to its PPP session: answers and commands.
///
/// A carrier with many calls lends a handle for each, as `CallMut` of `pptp` and of `l2tp-session`.
/// Its `impl` block has a method `with_ppp`, through which the carrier learns what PPP has done.
/// `with_ppp` returns `None` where the call is gone or carries no PPP. That answer is an
/// [`AnswerError::NotAsked`](crate::ppp::auth::AnswerError::NotAsked) then.
///
/// ```
/// use core::time::Duration;
/// use ppp_session::ppp::auth::{Answer, AnswerError, Ticket};
/// use ppp_session::{Client, Config, Session};
///
/// /// The handle of a call, which may be gone.
/// struct CallMut<'s>(Option<&'s mut Session>);
///
/// impl CallMut<'_> {
///     fn with_ppp<T>(
///         &mut self,
///         now: Duration,
///         work: impl FnOnce(&mut Session, Duration) -> T,
///     ) -> Option<T> {
///         // Here the carrier would take note of the end of PPP.
///         self.0.as_mut().map(|ppp| work(ppp, now))
///     }
///
///     ppp_session::call_commands!();
/// }
///
/// let now = Duration::ZERO;
/// let client = Client::new("alice", "wonderland");
/// let mut session = Session::client(&Config::strict(), &client, [7; 32]); // unpredictable
/// session.open(now);
/// CallMut(Some(&mut session)).ping(now);
/// let error = CallMut(None).change_password(now, "white rabbit").unwrap_err();
/// assert_eq!(error, AnswerError::NotAsked);
/// ```
#[macro_export]
macro_rules! call_commands {
    () => {
        /// Answers [`Event::Authenticate`](ppp_session::Event::Authenticate), now or later.
        ///
        /// # Errors
        ///
        /// [`AnswerError`](ppp_session::ppp::auth::AnswerError).
        pub fn answer(
            &mut self,
            now: ::core::time::Duration,
            ticket: $crate::ppp::auth::Ticket,
            answer: &$crate::ppp::auth::Answer<'_>,
        ) -> Result<$crate::ppp::auth::Outcome, $crate::ppp::auth::AnswerError> {
            self.with_ppp(now, |ppp, now| ppp.answer(now, ticket, answer))
                .unwrap_or(Err($crate::ppp::auth::AnswerError::NotAsked))
        }

        /// Answers [`Event::Authenticate`](ppp_session::Event::Authenticate) for a RADIUS server:
        /// [`ppp_session::Session::accept`].
        ///
        /// # Errors
        ///
        /// [`AnswerError`](ppp_session::ppp::auth::AnswerError).
        pub fn accept(
            &mut self,
            now: ::core::time::Duration,
            ticket: $crate::ppp::auth::Ticket,
            message: &[u8],
            keys: Option<$crate::ExternalKeys>,
        ) -> Result<$crate::ppp::auth::Outcome, $crate::ppp::auth::AnswerError> {
            self.with_ppp(now, |ppp, now| ppp.accept(now, ticket, message, keys))
                .unwrap_or(Err($crate::ppp::auth::AnswerError::NotAsked))
        }

        /// Reports that the new password of the last answer could not be stored:
        /// [`ppp_session::Session::reject_change`] (RFC 2759 section 7).
        pub fn reject_change(&mut self, now: ::core::time::Duration) {
            self.with_ppp(now, $crate::Session::reject_change);
        }

        /// Sets the address that the client has to take (RFC 1332 section 3.3). Call it before the
        /// answer that lets it in; and again for a client that
        /// [wants](ppp_session::Event::AddressWanted) another address and may have it.
        pub fn assign_address(&mut self, address: ::core::net::Ipv4Addr) {
            self.with_ppp(::core::time::Duration::ZERO, |ppp, _| ppp.assign_address(address));
        }

        /// Sets this side's own address for this client: [`ppp_session::Session::assign_own_address`].
        pub fn assign_own_address(&mut self, address: ::core::net::Ipv4Addr) {
            self.with_ppp(::core::time::Duration::ZERO, |ppp, _| ppp.assign_own_address(address));
        }

        /// Sets the name servers of this client (RFC 1877 sections 1.1 and 1.3):
        /// [`ppp_session::Session::assign_name_servers`].
        pub fn assign_name_servers(&mut self, servers: [Option<::core::net::Ipv4Addr>; 2]) {
            self.with_ppp(::core::time::Duration::ZERO, |ppp, _| ppp.assign_name_servers(servers));
        }

        /// Sets the NetBIOS name servers of this client (RFC 1877 sections 1.2 and 1.4):
        /// [`ppp_session::Session::assign_netbios_name_servers`].
        pub fn assign_netbios_name_servers(&mut self, servers: [Option<::core::net::Ipv4Addr>; 2]) {
            self.with_ppp(::core::time::Duration::ZERO, |ppp, _| ppp.assign_netbios_name_servers(servers));
        }

        /// Challenges the client again (RFC 1994 section 2).
        pub fn rechallenge(&mut self, now: ::core::time::Duration) {
            self.with_ppp(now, $crate::Session::rechallenge);
        }

        /// Sends the time in seconds until the session will end (RFC 1570 section 1.2).
        pub fn send_time_remaining(&mut self, now: ::core::time::Duration, seconds: u32) {
            self.with_ppp(now, |ppp, now| ppp.send_time_remaining(now, seconds));
        }

        /// Answers [`Event::Prove`](ppp_session::Event::Prove) with another name or password.
        ///
        /// # Errors
        ///
        /// [`AnswerError`](ppp_session::ppp::auth::AnswerError).
        pub fn prove(
            &mut self,
            now: ::core::time::Duration,
            ticket: $crate::ppp::auth::Ticket,
            name: &str,
            secret: &$crate::ppp::auth::Secret<'_>,
        ) -> Result<(), $crate::ppp::auth::AnswerError> {
            self.with_ppp(now, |ppp, now| ppp.prove(now, ticket, name, secret))
                .unwrap_or(Err($crate::ppp::auth::AnswerError::NotAsked))
        }

        /// Answers [`Event::Prove`](ppp_session::Event::Prove) with a no:
        /// [`ppp_session::Session::decline`].
        ///
        /// # Errors
        ///
        /// [`AnswerError::NotAsked`](ppp_session::ppp::auth::AnswerError::NotAsked).
        pub fn decline(
            &mut self,
            now: ::core::time::Duration,
            ticket: $crate::ppp::auth::Ticket,
        ) -> Result<(), $crate::ppp::auth::AnswerError> {
            self.with_ppp(now, |ppp, now| ppp.decline(now, ticket))
                .unwrap_or(Err($crate::ppp::auth::AnswerError::NotAsked))
        }

        /// Answers [`Event::PasswordExpired`](ppp_session::Event::PasswordExpired):
        /// [`ppp_session::Session::change_password`] (RFC 2759 section 7).
        ///
        /// # Errors
        ///
        /// [`NotAsked`](ppp_session::ppp::auth::AnswerError::NotAsked), or
        /// [`TooLong`](ppp_session::ppp::auth::AnswerError::TooLong) for more than 256 characters.
        pub fn change_password(
            &mut self,
            now: ::core::time::Duration,
            new: &str,
        ) -> Result<(), $crate::ppp::auth::AnswerError> {
            self.with_ppp(now, |ppp, now| ppp.change_password(now, new))
                .unwrap_or(Err($crate::ppp::auth::AnswerError::NotAsked))
        }

        /// Answers [`Event::Prove`](ppp_session::Event::Prove) with a packet of another end of EAP (RFC
        /// 3748).
        ///
        /// # Errors
        ///
        /// [`AnswerError`](ppp_session::ppp::auth::AnswerError).
        pub fn send_eap(
            &mut self,
            now: ::core::time::Duration,
            ticket: $crate::ppp::auth::Ticket,
            packet: &[u8],
        ) -> Result<(), $crate::ppp::auth::AnswerError> {
            self.with_ppp(now, |ppp, now| ppp.send_eap(now, ticket, packet))
                .unwrap_or(Err($crate::ppp::auth::AnswerError::NotAsked))
        }

        /// Asks the peer for an Echo-Reply now (RFC 1661 section 5.8).
        pub fn ping(&mut self, now: ::core::time::Duration) {
            self.with_ppp(now, $crate::Session::ping);
        }
    };
}
