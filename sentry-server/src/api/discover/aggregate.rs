//! Counts over rows: `count()`, `p95(span.duration)`, by every other field that is asked for. A row is forgotten as soon as it
//! is counted.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::fields::{Row, number, text};
use crate::instant::Micros;

/// What is computed, and by what.
#[derive(Debug, Clone)]
pub(super) struct Aggregates {
    by: Vec<String>,
    functions: Vec<(String, Function)>,
}

#[derive(Debug, Clone)]
enum Function {
    Count,
    CountUnique(String),
    Sum(String),
    Average(String),
    Smallest(String),
    Largest(String),
    Percentile(f64, String),
}

/// Pieces of time of one length, the first of which begins at `first`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buckets {
    pub(super) first: Micros,
    pub(super) interval: Micros,
    pub(super) count: usize,
}

/// Counts that are being made.
#[derive(Debug)]
pub(super) struct Groups {
    aggregates: Aggregates,
    buckets: Option<Buckets>,
    /// In the order in which groups first occur.
    order: Vec<Key>,
    found: HashMap<Key, Group>,
}

/// A piece of time, zero without any, and the texts that a group is told by.
type Key = (usize, Vec<String>);

#[derive(Debug)]
struct Group {
    values: Vec<Value>,
    states: Vec<State>,
}

/// What a function keeps of the rows that it has seen.
#[derive(Debug)]
enum State {
    Count(u64),
    Unique(HashSet<String>),
    Sum(f64),
    Average(f64, u64),
    Extreme { number: Option<f64>, text: Option<String> },
    Percentile(Vec<f64>),
}

/// The counts of a group in a piece of time.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) bucket: usize,
    pub(super) row: Row,
}

impl Aggregates {
    /// `None` when no field is a function.
    ///
    /// # Errors
    /// With the function that is not known.
    pub(super) fn parse(fields: &[String]) -> Result<Option<Self>, String> {
        let (mut by, mut functions) = (Vec::new(), Vec::new());
        for field in fields {
            match field.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
                Some((name, argument)) => functions.push((field.clone(), function(name, argument, field)?)),
                None => by.push(field.clone()),
            }
        }
        Ok((!functions.is_empty()).then_some(Self { by, functions }))
    }

    /// Begins to count, by pieces of time if there are any.
    pub(super) fn over(self, buckets: Option<Buckets>) -> Groups {
        Groups { aggregates: self, buckets, order: Vec::new(), found: HashMap::new() }
    }
}

impl Buckets {
    /// The piece of time that an instant lies in.
    fn of(&self, at: Micros) -> Option<usize> {
        let index = usize::try_from((at - self.first).div_euclid(self.interval)).ok()?;
        (index < self.count).then_some(index)
    }
}

impl Groups {
    /// Counts a row; false if there are too many groups already.
    pub(super) fn take(&mut self, at: Micros, row: &Row) -> bool {
        let bucket = match &self.buckets {
            None => 0,
            Some(buckets) => match buckets.of(at) {
                Some(bucket) => bucket,
                None => return true,
            },
        };
        let Aggregates { by, functions } = &self.aggregates;
        let key = (bucket, by.iter().map(|field| row.get(field).map(text).unwrap_or_default()).collect());
        if !self.found.contains_key(&key) {
            if self.order.len() >= MAX_GROUPS {
                return false;
            }
            let values = by.iter().map(|field| row.get(field).cloned().unwrap_or(Value::Null)).collect();
            let states = functions.iter().map(|(_, function)| function.start()).collect();
            self.order.push(key.clone());
            self.found.insert(key.clone(), Group { values, states });
        }
        if let Some(group) = self.found.get_mut(&key) {
            for (state, (_, function)) in group.states.iter_mut().zip(functions) {
                function.take(state, row);
            }
        }
        true
    }

    /// One row per group. Without anything to group by there is always one, of nothing if need be.
    pub(super) fn finish(mut self) -> Vec<Counted> {
        let Aggregates { by, functions } = &self.aggregates;
        if self.order.is_empty() && by.is_empty() && self.buckets.is_none() {
            let states = functions.iter().map(|(_, function)| function.start()).collect();
            self.order.push((0, Vec::new()));
            self.found.insert((0, Vec::new()), Group { values: Vec::new(), states });
        }
        let mut all = Vec::with_capacity(self.order.len());
        for key in self.order {
            let Some(group) = self.found.remove(&key) else { continue };
            let mut row: Row = by.iter().cloned().zip(group.values).collect();
            for ((name, function), state) in functions.iter().zip(group.states) {
                row.insert(name.clone(), function.end(state));
            }
            all.push(Counted { bucket: key.0, row });
        }
        all
    }
}

impl Function {
    fn start(&self) -> State {
        match self {
            Self::Count => State::Count(0),
            Self::CountUnique(_) => State::Unique(HashSet::new()),
            Self::Sum(_) => State::Sum(0.0),
            Self::Average(_) => State::Average(0.0, 0),
            Self::Smallest(_) | Self::Largest(_) => State::Extreme { number: None, text: None },
            Self::Percentile(..) => State::Percentile(Vec::new()),
        }
    }

    fn take(&self, state: &mut State, row: &Row) {
        let value = match self {
            Self::Count => None,
            Self::CountUnique(field)
            | Self::Sum(field)
            | Self::Average(field)
            | Self::Smallest(field)
            | Self::Largest(field)
            | Self::Percentile(_, field) => row.get(field).filter(|value| !value.is_null()),
        };
        let numeric = value.and_then(number);
        match state {
            State::Count(count) => *count += 1,
            State::Unique(all) => all.extend(value.map(text).filter(|text| !text.is_empty())),
            State::Sum(sum) => *sum += numeric.unwrap_or(0.0),
            State::Average(sum, count) => {
                *sum += numeric.unwrap_or(0.0);
                *count += u64::from(numeric.is_some());
            }
            State::Percentile(all) => all.extend(numeric),
            State::Extreme { number, text: words } => {
                let smallest = matches!(self, Self::Smallest(_));
                if let Some(new) = numeric {
                    let better = |old: f64| if smallest { new < old } else { new > old };
                    if number.is_none_or(better) {
                        *number = Some(new);
                    }
                } else if let Some(new) = value.map(text) {
                    let better = |old: &String| if smallest { new < *old } else { new > *old };
                    if words.as_ref().is_none_or(better) {
                        *words = Some(new);
                    }
                }
            }
        }
    }

    fn end(&self, state: State) -> Value {
        match state {
            State::Count(count) => count.into(),
            State::Unique(all) => all.len().into(),
            State::Sum(sum) => sum.into(),
            State::Average(_, 0) => Value::Null,
            State::Average(sum, count) => (sum / count as f64).into(),
            // Of numbers if there are any, else of texts.
            State::Extreme { number, text } => {
                number.map(Value::from).or_else(|| text.map(Value::from)).unwrap_or(Value::Null)
            }
            State::Percentile(mut all) => {
                let Self::Percentile(share, _) = self else { return Value::Null };
                all.sort_by(f64::total_cmp);
                let at = (share * all.len().saturating_sub(1) as f64).round() as usize;
                all.get(at).copied().map_or(Value::Null, Value::from)
            }
        }
    }
}

/// The value of a function over no rows.
pub(super) fn of_nothing(function: &str) -> Value {
    if function.starts_with("count") || function.starts_with("sum") { 0.into() } else { Value::Null }
}

fn function(name: &str, argument: &str, whole: &str) -> Result<Function, String> {
    let field = || {
        if argument.is_empty() { Err(format!("{whole} needs a field.")) } else { Ok(argument.to_owned()) }
    };
    match name {
        "count" => Ok(Function::Count),
        "count_unique" => field().map(Function::CountUnique),
        "sum" => field().map(Function::Sum),
        "avg" => field().map(Function::Average),
        "min" => field().map(Function::Smallest),
        "max" => field().map(Function::Largest),
        "last_seen" => Ok(Function::Largest("timestamp".to_owned())),
        "first_seen" => Ok(Function::Smallest("timestamp".to_owned())),
        _ => {
            let percent = name.strip_prefix('p').and_then(|digits| digits.parse::<f64>().ok());
            match percent.filter(|percent| (0.0..=100.0).contains(percent)) {
                Some(percent) => field().map(|field| Function::Percentile(percent / 100.0, field)),
                None => Err(format!(
                    "{whole} is not known; there are count(), count_unique(), sum(), avg(), min(), max(), p50(), p75(), \
                     p90(), p95(), p99(), first_seen() and last_seen()."
                )),
            }
        }
    }
}

/// Clients sort by `count` or `p95_span_duration` when they mean `count()` or `p95(span.duration)`; both are taken.
pub(super) fn spelled(name: &str) -> String {
    match name {
        "count" | "last_seen" | "first_seen" => format!("{name}()"),
        other => other.to_owned(),
    }
}

/// Groups and pieces of time in one answer.
const MAX_GROUPS: usize = 50_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows() -> Vec<Row> {
        let rows = json!([
            { "op": "db", "d": 3.0, "timestamp": "2026-01-01" }, { "op": "db", "d": 1.0, "timestamp": "2026-01-03" },
            { "op": "http", "d": 10.0, "timestamp": "2026-01-02" }
        ]);
        rows.as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone()).collect()
    }

    fn over(fields: &[&str]) -> Value {
        counted(fields, None).into_iter().map(|counted| Value::Object(counted.row)).collect()
    }

    fn counted(fields: &[&str], buckets: Option<Buckets>) -> Vec<Counted> {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let mut groups = Aggregates::parse(&fields).unwrap().unwrap().over(buckets);
        for (at, row) in rows().iter().enumerate() {
            assert!(groups.take(at as Micros * 10, row));
        }
        groups.finish()
    }

    #[test]
    fn functions_are_computed_by_group() {
        assert_eq!(
            over(&["op", "count()", "sum(d)", "p50(d)"]),
            json!([
                { "op": "db", "count()": 2, "sum(d)": 4.0, "p50(d)": 3.0 },
                { "op": "http", "count()": 1, "sum(d)": 10.0, "p50(d)": 10.0 }
            ])
        );
        assert_eq!(
            over(&["count()", "avg(d)", "max(d)", "last_seen()", "count_unique(op)"]),
            json!([
                { "count()": 3, "avg(d)": 14.0 / 3.0, "max(d)": 10.0, "last_seen()": "2026-01-03", "count_unique(op)": 2 }
            ])
        );
    }

    #[test]
    fn pieces_of_time_are_counted_apart() {
        let buckets = Buckets { first: 5, interval: 10, count: 2 };
        let found = counted(&["count()"], Some(buckets));
        let found: Vec<_> =
            found.iter().map(|counted| (counted.bucket, counted.row["count()"].clone())).collect();
        assert_eq!(found, [(0, json!(1)), (1, json!(1))], "what lies outside counts nowhere");
    }

    #[test]
    fn of_no_rows_there_is_one_answer() {
        let fields = ["count()", "avg(d)"].map(str::to_owned);
        let found = Aggregates::parse(&fields).unwrap().unwrap().over(None).finish();
        assert_eq!(Value::Object(found[0].row.clone()), json!({ "count()": 0, "avg(d)": null }));
    }

    #[test]
    fn what_is_no_function_is_refused_by_name() {
        for wrong in ["odd(d)", "p101(d)", "sum()"] {
            assert!(Aggregates::parse(&[wrong.to_owned()]).unwrap_err().contains(wrong), "{wrong}");
        }
        assert!(Aggregates::parse(&["op".to_owned()]).unwrap().is_none());
    }
}
