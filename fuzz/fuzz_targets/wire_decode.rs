//! See `pptp_fuzz::wire::decode`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::wire::decode);
