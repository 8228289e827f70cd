//! See `pptp_fuzz::liveness::tunnel`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::liveness::tunnel);
