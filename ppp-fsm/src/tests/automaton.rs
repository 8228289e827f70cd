//! RFC 1661 section 4.1: every cell.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::automaton::{Action, Event, Note, State};

/// The cells of the RFC's two tables, joined: one row for each event, one word for each state.
const TABLE: [(&str, &str); 16] = [
    ("Up", "2 irc,scr/6 - - - - - - - -"),
    ("Down", "- - 0 tls/1 0 1 1 1 1 tld/1"),
    ("Open", "tls/1 1 irc,scr/6 3r 5r 5r 6 7 8 9r"),
    ("Close", "0 tlf/0 2 2 4 4 irc,str/4 irc,str/4 irc,str/4 tld,irc,str/4"),
    ("TO+", "- - - - str/4 str/5 scr/6 scr/6 scr/8 -"),
    ("TO-", "- - - - tlf/2 tlf/3 tlf/3p tlf/3p tlf/3p -"),
    ("RCR+", "- - sta/2 irc,scr,sca/8 4 5 sca/8 sca,tlu/9 sca/8 tld,scr,sca/8"),
    ("RCR-", "- - sta/2 irc,scr,scn/6 4 5 scn/6 scn/7 scn/6 tld,scr,scn/6"),
    ("RCA", "- - sta/2 sta/3 4 5 irc/7 scr/6x irc,tlu/9 tld,scr/6x"),
    ("RCN", "- - sta/2 sta/3 4 5 irc,scr/6 scr/6x irc,scr/8 tld,scr/6x"),
    ("RTR", "- - sta/2 sta/3 sta/4 sta/5 sta/6 sta/6 sta/6 tld,zrc,sta/5"),
    ("RTA", "- - 2 3 tlf/2 tlf/3 6 6 8 tld,scr/6"),
    ("RUC", "- - scj/2 scj/3 scj/4 scj/5 scj/6 scj/7 scj/8 scj/9"),
    ("RXJ+", "- - 2 3 4 5 6 6 8 9"),
    ("RXJ-", "- - tlf/2 tlf/3 tlf/2 tlf/3 tlf/3 tlf/3 tlf/3 tld,irc,str/5"),
    ("RXR", "- - 2 3 4 5 6 7 8 ser/9"),
];

fn short(action: Action) -> &'static str {
    match action {
        Action::ThisLayerUp => "tlu",
        Action::ThisLayerDown => "tld",
        Action::ThisLayerStarted => "tls",
        Action::ThisLayerFinished => "tlf",
        Action::InitializeRestartCount => "irc",
        Action::ZeroRestartCount => "zrc",
        Action::SendConfigureRequest => "scr",
        Action::SendConfigureAck => "sca",
        Action::SendConfigureNak => "scn",
        Action::SendTerminateRequest => "str",
        Action::SendTerminateAck => "sta",
        Action::SendCodeReject => "scj",
        Action::SendEchoReply => "ser",
    }
}

fn number(state: State) -> String {
    State::ALL.iter().position(|found| *found == state).unwrap().to_string()
}

fn cell(state: State, event: Event) -> String {
    let Some(transition) = state.on(event) else { return "-".into() };
    let actions: Vec<&str> = transition.actions.iter().map(short).collect();
    let slash = if actions.is_empty() { "" } else { "/" };
    let note = match transition.note {
        None => "",
        Some(Note::Passive) => "p",
        Some(Note::Restart) => "r",
        Some(Note::Crossed) => "x",
    };
    [&actions.join(","), slash, &number(transition.state), note].concat()
}

#[test]
fn rfc1661_section_4_1_all_160_cells() {
    let mut cells = 0;
    for ((name, row), event) in TABLE.iter().zip(Event::ALL) {
        let row: Vec<&str> = row.split(' ').collect();
        assert_eq!(row.len(), State::ALL.len(), "{name}");
        for (expected, state) in row.iter().zip(State::ALL) {
            assert_eq!(&cell(state, event), expected, "{name} in {state}");
            cells += 1;
        }
    }
    assert_eq!(cells, 160);
}

#[test]
fn rfc1661_section_4_1_the_timer_runs_where_it_can_expire() {
    for state in State::ALL {
        assert_eq!(state.has_timer(), state.on(Event::Timeout).is_some(), "{state}");
        assert_eq!(state.has_timer(), state.on(Event::TimeoutLast).is_some(), "{state}");
        for event in Event::ALL {
            let Some(transition) = state.on(event) else { continue };
            let starts = [Action::SendConfigureRequest, Action::SendTerminateRequest, Action::ZeroRestartCount];
            if starts.iter().any(|action| transition.actions.contains(*action)) {
                assert!(transition.state.has_timer(), "{event:?} in {state}");
            } else if transition.state.has_timer() {
                assert!(state.has_timer(), "{event:?} in {state}: nobody starts the timer");
            }
        }
    }
}

#[test]
fn rfc1661_section_4_4_up_and_down_alternate() {
    for state in State::ALL {
        for event in Event::ALL {
            let Some(transition) = state.on(event) else { continue };
            let up = transition.actions.contains(Action::ThisLayerUp);
            let down = transition.actions.contains(Action::ThisLayerDown);
            assert_eq!(up, state != State::Opened && transition.state == State::Opened, "{event:?} in {state}");
            assert_eq!(down, state == State::Opened && transition.state != State::Opened, "{event:?} in {state}");
        }
    }
}
