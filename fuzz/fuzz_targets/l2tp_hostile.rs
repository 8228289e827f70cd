//! See `pptp_fuzz::l2tp_machines::hostile`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::l2tp_machines::hostile);
