//! Tunnels, sessions and their data over a simulated network, and by scripts of packets.

mod attack;
mod bench;
mod end;
mod events;
mod long;
mod loss;
mod matrix;
mod replay;
mod setup;
mod tunnel;
