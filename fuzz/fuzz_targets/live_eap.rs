//! See `pptp_fuzz::mschap_eap::live`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mschap_eap::live);
