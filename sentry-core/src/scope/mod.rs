//! What is known about the current work, apart from the event itself.

mod apply;
mod data;
mod flags;
mod merge;
mod propagation;
mod shared;
mod sources;

pub(crate) use self::apply::{Layers, apply, apply_data};
pub use self::data::Scope;
pub use self::propagation::PropagationContext;
pub use self::shared::{Scopes, SharedScope};
pub(crate) use self::sources::Sources;
