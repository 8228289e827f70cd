//! The Link Control Protocol: RFC 1661 sections 5 and 6, with the extensions of RFC 1570, RFC 1662 and RFC 1990.

mod config;
mod message;
mod method;
mod negotiator;
mod number;
mod option;
mod termination;

pub use config::Config;
pub use message::{Echo, Identification, Message, Packet, ProtocolReject, TimeRemaining};
pub use negotiator::{Agreed, Failure, Negotiator};
pub use number::{CallbackOperation, EndpointClass, FcsAlternatives, OptionType};
pub use option::{AuthenticationProtocol, Callback, ConfigurationOption, EndpointDiscriminator, QualityProtocol};
pub use termination::MicrosoftTermination;
