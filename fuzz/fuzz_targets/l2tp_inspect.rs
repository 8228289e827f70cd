//! See `pptp_fuzz::l2tp_inspect::run`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::l2tp_inspect::run);
