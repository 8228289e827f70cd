//! See `pptp_fuzz::liveness::inspector`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::liveness::inspector);
