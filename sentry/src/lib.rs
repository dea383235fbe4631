//! Error tracking that an application carries with it.
