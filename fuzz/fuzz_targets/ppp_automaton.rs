//! See `pptp_fuzz::ppp_automaton::run`.

#![cfg_attr(fuzzing, no_main)]

pptp_fuzz::target!(pptp_fuzz::ppp_automaton::run);
