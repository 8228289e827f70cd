//! See `pptp_fuzz::session_pair::run`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::session_pair::run);
