//! See `pptp_fuzz::inspect::capture`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::inspect::capture);
