//! See `pptp_fuzz::l2tp::avps`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::l2tp::avps);
