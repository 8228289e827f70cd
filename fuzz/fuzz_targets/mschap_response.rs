//! See `pptp_fuzz::mschap::response`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mschap::response);
