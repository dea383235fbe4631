//! What only transactions have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lists::wire_names;
use crate::text::Text;

wire_names! {
    /// What a transaction's name was made of (transaction annotations, published spec).
    pub enum TransactionSource {
        /// The application said it.
        Custom = "custom",
        /// A raw address: too many different ones to group by.
        Url = "url",
        /// A route with placeholders.
        Route = "route",
        /// The name of a function that serves the view.
        View = "view",
        /// The name of a component or class.
        Component = "component",
        /// The name of a background task.
        Task = "task",
    }
}

impl TransactionSource {
    /// True if names of this kind are few enough to be told to other services.
    pub const fn is_low_cardinality(self) -> bool {
        !matches!(self, Self::Url)
    }
}

/// What is known about a transaction's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionInfo {
    /// What it was made of.
    pub source: TransactionSource,
}

/// A number that was measured during a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// How much.
    pub value: f64,
    /// Of what: `millisecond`, `byte`; none for a plain number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
}

/// Measurements by name.
pub type Measurements = BTreeMap<Text, Measurement>;
