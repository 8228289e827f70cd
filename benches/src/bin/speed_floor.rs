//! The work of the speed floor, for `.ci/speed-floor`, which counts its instructions.
//!
//! Without arguments it does every row of the table. With a number it makes servers of so many sessions, prints `ready`,
//! and does the rows of growth when it has read a line.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement that goes wrong stops")]

use pptp_benches::floor;

fn main() {
    let Some(sessions) = std::env::args().nth(1) else {
        floor::run(floor::rows());
        return;
    };
    let rows = floor::growth_rows(sessions.parse().expect("a number of sessions"));
    // Counting slows the making of many sessions down by ten times, so it begins only now.
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).expect("a line when it is to go on");
    floor::run(rows);
}
