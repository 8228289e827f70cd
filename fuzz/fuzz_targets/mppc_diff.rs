//! See `pptp_fuzz::mppc::diff`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mppc::diff);
