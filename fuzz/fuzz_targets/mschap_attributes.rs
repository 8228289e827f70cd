//! See `pptp_fuzz::mschap_machines::attributes`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mschap_machines::attributes);
