//! See `pptp_fuzz::control::stream`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::control::stream);
