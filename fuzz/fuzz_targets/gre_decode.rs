//! See `pptp_fuzz::gre::decode`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::gre::decode);
