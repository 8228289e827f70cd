//! See `pptp_fuzz::l2tp_session::hostile`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::l2tp_session::hostile);
