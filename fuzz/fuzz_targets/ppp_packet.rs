//! See `pptp_fuzz::ppp::packet`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::ppp::packet);
