//! See `pptp_fuzz::inspect::packets`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::inspect::packets);
