//! Counts over rows: `count()`, `p95(span.duration)`, by every other field that is asked for.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::fields::{Row, number, text};

/// What is computed, and by what.
#[derive(Debug)]
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

    /// One row per group, in the order in which groups first occur.
    pub(super) fn over(&self, rows: &[Row]) -> Vec<Row> {
        let mut order: Vec<Vec<String>> = Vec::new();
        let mut groups: HashMap<Vec<String>, Vec<&Row>> = HashMap::new();
        for row in rows {
            let key: Vec<String> =
                self.by.iter().map(|field| row.get(field).map(text).unwrap_or_default()).collect();
            let group = groups.entry(key.clone()).or_default();
            if group.is_empty() {
                order.push(key);
            }
            group.push(row);
        }
        if order.is_empty() && self.by.is_empty() {
            order.push(Vec::new());
        }
        let compute = |key: &Vec<String>| {
            let group = groups.get(key).map(Vec::as_slice).unwrap_or_default();
            let mut answer = Map::new();
            for field in &self.by {
                let value = group.first().and_then(|row| row.get(field)).cloned().unwrap_or(Value::Null);
                answer.insert(field.clone(), value);
            }
            for (field, function) in &self.functions {
                answer.insert(field.clone(), function.over(group));
            }
            answer
        };
        order.iter().map(compute).collect()
    }
}

impl Function {
    fn over(&self, rows: &[&Row]) -> Value {
        let values =
            |field: &String| rows.iter().filter_map(|row| number(row.get(field)?)).collect::<Vec<f64>>();
        let texts =
            |field: &String| rows.iter().filter_map(|row| row.get(field)).map(text).collect::<BTreeSet<_>>();
        match self {
            Self::Count => rows.len().into(),
            Self::CountUnique(field) => texts(field).iter().filter(|text| !text.is_empty()).count().into(),
            Self::Sum(field) => values(field).iter().sum::<f64>().into(),
            Self::Average(field) => {
                let values = values(field);
                if values.is_empty() {
                    Value::Null
                } else {
                    (values.iter().sum::<f64>() / values.len() as f64).into()
                }
            }
            Self::Smallest(field) => extreme(&values(field), &texts(field), true),
            Self::Largest(field) => extreme(&values(field), &texts(field), false),
            Self::Percentile(share, field) => {
                let mut values = values(field);
                values.sort_by(f64::total_cmp);
                let at = (share * values.len().saturating_sub(1) as f64).round() as usize;
                values.get(at).copied().map_or(Value::Null, Value::from)
            }
        }
    }
}

/// Of numbers if there are any, else of texts.
fn extreme(values: &[f64], texts: &BTreeSet<String>, smallest: bool) -> Value {
    let number = if smallest {
        values.iter().copied().min_by(f64::total_cmp)
    } else {
        values.iter().copied().max_by(f64::total_cmp)
    };
    let text = if smallest { texts.first() } else { texts.last() };
    number.map(Value::from).or_else(|| text.map(|text| text.clone().into())).unwrap_or(Value::Null)
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
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        Aggregates::parse(&fields).unwrap().unwrap().over(&rows()).into_iter().map(Value::Object).collect()
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
    fn what_is_no_function_is_refused_by_name() {
        for wrong in ["odd(d)", "p101(d)", "sum()"] {
            assert!(Aggregates::parse(&[wrong.to_owned()]).unwrap_err().contains(wrong), "{wrong}");
        }
        assert!(Aggregates::parse(&["op".to_owned()]).unwrap().is_none());
    }
}
