//! See `pptp_fuzz::mppc::round_trip`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mppc::round_trip);
