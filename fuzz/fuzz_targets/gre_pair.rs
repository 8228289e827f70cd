//! See `pptp_fuzz::gre_pair::run`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::gre_pair::run);
