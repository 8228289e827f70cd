//! pptp with pppd dials our server, which asks a FreeRADIUS who may come in, and has its keys.

use std::path::Path;

use pptp_interop::freeradius::FreeRadius;
use pptp_interop::matrix::{Attempt, Lab};
use pptp_interop::say;

use crate::case::Case;
use crate::clients::run_with;

const SECRET: &str = "a-secret-of-more-than-sixteen-bytes";
const PORT: u16 = 1812;
/// Ours has no part in EAP.
const PASSED: &str = "--auth eap --radius-eap";

/// Alice's keys are in its answers, Bob's are not.
const CONFIGURATION: &str = r#"
client test {
    ipaddr = 127.0.0.1
    secret = "SECRET"
    require_message_authenticator = yes
}
modules {
    mschap {
        require_encryption = yes
        require_strong = yes
    }
    mschap mschap_without_keys {
        use_mppe = no
    }
    eap {
        default_eap_type = mschapv2
        mschapv2 {
        }
        md5 {
        }
    }
}
server test {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = PORT
    }
    authorize {
        update control {
            Cleartext-Password := "wonderland"
        }
        # Its answers are signed only when they are told to be.
        update reply {
            Message-Authenticator := 0x00
        }
        if (&User-Name == "bob") {
            update control {
                Auth-Type := without-keys
            }
        }
        mschap
        eap
    }
    authenticate {
        eap
        Auth-Type MS-CHAP {
            mschap
        }
        Auth-Type without-keys {
            mschap_without_keys
        }
    }
}
"#;

pub fn run(lab: &Lab<'_>, attempt: &Attempt<'_>) {
    let Some(program) = FreeRadius::find() else {
        return say!("SKIPPED: our server with RADIUS: no program `freeradius` (of Debian's package `freeradius`)");
    };
    let _server = start(lab, &program);
    let who = format!("--radius 127.0.0.1:{PORT} --radius-secret {SECRET}");
    let strong = "refuse-eap require-mppe-128";
    let wrong_eap = "require-mppe-128 password looking-glass";
    let wrong = "refuse-eap require-mppe-128 password looking-glass";
    for (user, case) in [
        ("alice", Case::up("MS-CHAPv2, 128 bit", "", strong, "MPPE 128 bit, stateless")),
        ("alice", Case::up("MS-CHAPv1, 128 bit", "--auth mschap1", strong, "MPPE 128 bit, stateless")),
        ("alice", Case::refused("wrong password", "", wrong, (19, "error 691"), "E=691")),
        ("alice", Case::up("EAP passed through, 128 bit", PASSED, "require-mppe-128", "MPPE 128 bit, stateless")),
        ("alice", Case::refused("wrong password, EAP passed through", PASSED, wrong_eap, (19, "error 691"), "")),
        ("bob", Case::refused("RADIUS has no keys", "", strong, (16, "error 742"), "LCP terminated by peer")),
    ] {
        attempt(&mut || {
            let mut row = run_with(lab, &case, "server, RADIUS", &who, user);
            row.order.0 = 2;
            row
        });
    }
}

fn start(lab: &Lab<'_>, program: &Path) -> FreeRadius {
    let text = CONFIGURATION.replace("SECRET", SECRET).replace("PORT", &PORT.to_string());
    let started = lab.enter(|| FreeRadius::start(&[], program, &text, |_, _| ()));
    started.expect("nobody else is in this network")
}
