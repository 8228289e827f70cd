//! See `pptp_fuzz::mppe::garbage`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mppe::garbage);
