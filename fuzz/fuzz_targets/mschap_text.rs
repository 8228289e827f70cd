//! See `pptp_fuzz::mschap::text`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mschap::text);
