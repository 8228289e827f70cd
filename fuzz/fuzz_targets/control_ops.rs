//! See `pptp_fuzz::control::ops`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::control::ops);
