//! See `pptp_fuzz::ppp::options`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::ppp::options);
