//! What requests mean, whatever framework answers or makes them: data, names, breadcrumbs.

mod address;
mod incoming;
mod outgoing;

pub use self::incoming::{IncomingRequest, RequestBody};
pub use self::outgoing::OutgoingRequest;
