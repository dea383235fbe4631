//! Watchpost for Python.
