//! See `pptp_fuzz::wire::round_trip`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::wire::round_trip);
