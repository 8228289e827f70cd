//! See `pptp_fuzz::mppc::decompress`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mppc::decompress);
