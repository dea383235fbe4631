//! What an event is and what happens to it before it leaves: the pure core of the Watchpost SDKs.
