//! See `pptp_fuzz::mschap_machines::change_password`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::mschap_machines::change_password);
