//! See `pptp_fuzz::wire::stream`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::wire::stream);
