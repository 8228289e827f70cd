//! See `pptp_fuzz::gre::round_trip`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::gre::round_trip);
