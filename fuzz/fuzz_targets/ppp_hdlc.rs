//! See `pptp_fuzz::ppp_machines::hdlc`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::ppp_machines::hdlc);
