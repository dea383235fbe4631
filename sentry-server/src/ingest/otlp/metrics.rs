//! Points of metrics. A histogram becomes a distribution: its mean, with count and extremes as attributes.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Exemplar, Metric, NumberDataPoint};
use serde_json::{Map, Value, json};

use super::Told;
use super::totals::{Amount, Growing, Point};
use super::value::{attributes, hex, of_resource, seconds};

pub(super) fn told(export: ExportMetricsServiceRequest, growing: &mut Growing<'_>) -> Told {
    let mut entries = Vec::new();
    for group in &export.resource_metrics {
        let resource = of_resource(group.resource.as_ref());
        for metric in group.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            let mut writer = Writer { metric, resource: &resource, growing };
            writer.write(&mut entries);
        }
    }
    Told { entries, events: Vec::new() }
}

/// One metric on its way.
struct Writer<'a, 'b> {
    metric: &'a Metric,
    resource: &'a Map<String, Value>,
    growing: &'a mut Growing<'b>,
}

/// Both kinds of histogram have these fields, in types of their own. Without a sum a point says nothing here.
macro_rules! many {
    ($point:ident) => {
        Many {
            start: $point.start_time_unix_nano,
            at: $point.time_unix_nano,
            amount: Amount { count: $point.count, sum: $point.sum? },
            facts: [("sentry.min", $point.min), ("sentry.max", $point.max)],
            exemplars: &$point.exemplars,
        }
    };
}

/// Many values of a metric that came as one.
struct Many<'a> {
    start: u64,
    at: u64,
    amount: Amount,
    facts: [(&'static str, Option<f64>); 2],
    exemplars: &'a [Exemplar],
}

impl Writer<'_, '_> {
    fn write(&mut self, out: &mut Vec<Value>) {
        let metric = self.metric;
        match &metric.data {
            Some(Data::Gauge(gauge)) => {
                out.extend(gauge.data_points.iter().filter_map(|p| self.number("gauge", p, false)));
            }
            Some(Data::Sum(sum)) => {
                // A sum that can fall is a level, not a count of happenings.
                let kind = if sum.is_monotonic { "counter" } else { "gauge" };
                let is_total = sum.is_monotonic && is_total(sum.aggregation_temporality);
                out.extend(sum.data_points.iter().filter_map(|point| self.number(kind, point, is_total)));
            }
            Some(Data::Histogram(histogram)) => {
                let is_total = is_total(histogram.aggregation_temporality);
                let means = histogram.data_points.iter();
                out.extend(
                    means
                        .filter_map(|point| self.mean(many!(point), attributes(&point.attributes), is_total)),
                );
            }
            Some(Data::ExponentialHistogram(histogram)) => {
                let is_total = is_total(histogram.aggregation_temporality);
                let means = histogram.data_points.iter();
                out.extend(
                    means
                        .filter_map(|point| self.mean(many!(point), attributes(&point.attributes), is_total)),
                );
            }
            Some(Data::Summary(summary)) => {
                out.extend(summary.data_points.iter().filter_map(|point| {
                    let many = Many {
                        start: point.start_time_unix_nano,
                        at: point.time_unix_nano,
                        amount: Amount { count: point.count, sum: point.sum },
                        facts: [("sentry.min", None), ("sentry.max", None)],
                        exemplars: &[],
                    };
                    self.mean(many, attributes(&point.attributes), true)
                }));
            }
            None => {}
        }
    }

    fn number(&mut self, kind: &str, point: &NumberDataPoint, is_total: bool) -> Option<Value> {
        let mut value = match point.value? {
            Number::AsDouble(value) => value,
            Number::AsInt(value) => value as f64,
        };
        let own = attributes(&point.attributes);
        if is_total && value.is_finite() {
            let total = Amount { count: 0, sum: value };
            value = self.growth(&own, point.start_time_unix_nano, point.time_unix_nano, total)?.sum;
        }
        self.point(kind, value, point.time_unix_nano, own, &point.exemplars)
    }

    fn mean(&mut self, many: Many<'_>, mut own: Map<String, Value>, is_total: bool) -> Option<Value> {
        let mut amount = many.amount;
        if is_total && amount.sum.is_finite() {
            amount = self.growth(&own, many.start, many.at, amount)?;
        }
        if amount.count == 0 {
            return None;
        }
        own.insert("sentry.count".to_owned(), json!({ "value": amount.count, "type": "integer" }));
        // The extremes of a total are those since its start.
        let facts = many.facts.into_iter().filter(|_| amount == many.amount);
        for (name, fact) in facts {
            if let Some(fact) = fact {
                own.insert(name.to_owned(), json!({ "value": fact, "type": "double" }));
            }
        }
        self.point("distribution", amount.sum / amount.count as f64, many.at, own, many.exemplars)
    }

    fn growth(&mut self, own: &Map<String, Value>, start: u64, at: u64, amount: Amount) -> Option<Amount> {
        let point =
            Point { name: &self.metric.name, resource: self.resource, attributes: own, start, at, amount };
        self.growing.growth(&point)
    }

    fn point(
        &self,
        kind: &str,
        value: f64,
        at: u64,
        own: Map<String, Value>,
        exemplars: &[Exemplar],
    ) -> Option<Value> {
        if !value.is_finite() {
            return None;
        }
        let mut all = self.resource.clone();
        all.extend(own);
        let mut entry = json!({
            "name": self.metric.name,
            "type": kind,
            "value": value,
            "timestamp": seconds(at),
            "attributes": all,
        });
        if !self.metric.unit.is_empty() {
            entry["unit"] = self.metric.unit.clone().into();
        }
        if let Some(exemplar) = exemplars.iter().find(|exemplar| !exemplar.trace_id.is_empty()) {
            entry["trace_id"] = hex(&exemplar.trace_id).into();
            entry["span_id"] = hex(&exemplar.span_id).into();
        }
        Some(entry)
    }
}

fn is_total(temporality: i32) -> bool {
    temporality == AggregationTemporality::Cumulative as i32
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::metrics::v1::{
        Histogram, HistogramDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    };

    use super::super::totals::Totals;
    use super::*;

    fn export(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
        let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
        let group = ResourceMetrics { scope_metrics, ..ResourceMetrics::default() };
        ExportMetricsServiceRequest { resource_metrics: vec![group] }
    }

    fn counter(at: u64, value: i64, temporality: AggregationTemporality) -> Metric {
        let point = NumberDataPoint {
            start_time_unix_nano: 1_000,
            time_unix_nano: at,
            value: Some(Number::AsInt(value)),
            ..NumberDataPoint::default()
        };
        let sum =
            Sum { data_points: vec![point], aggregation_temporality: temporality as i32, is_monotonic: true };
        Metric { name: "checkouts".into(), data: Some(Data::Sum(sum)), ..Metric::default() }
    }

    fn histogram(at: u64, count: u64, sum: f64) -> Metric {
        let point = HistogramDataPoint {
            start_time_unix_nano: 1_000,
            time_unix_nano: at,
            count,
            sum: Some(sum),
            max: Some(9.0),
            ..HistogramDataPoint::default()
        };
        let temporality = AggregationTemporality::Cumulative as i32;
        let data = Histogram { data_points: vec![point], aggregation_temporality: temporality };
        Metric { name: "time".into(), data: Some(Data::Histogram(data)), ..Metric::default() }
    }

    #[test]
    fn totals_become_what_was_added() {
        let totals = Totals::new(0);
        let told_of = |metrics: Vec<Metric>| {
            let mut growing = Growing::new(&totals, 1);
            let told = told(export(metrics), &mut growing);
            growing.keep();
            told.entries
        };
        let (cumulative, delta) = (AggregationTemporality::Cumulative, AggregationTemporality::Delta);
        let first = told_of(vec![counter(2_000, 5, cumulative), histogram(2_000, 2, 10.0)]);
        assert_eq!((&first[0]["value"], &first[1]["value"]), (&json!(5.0), &json!(5.0)));
        assert_eq!(first[1]["attributes"]["sentry.max"]["value"], 9.0);
        let second = told_of(vec![counter(3_000, 8, cumulative), histogram(3_000, 3, 17.0)]);
        assert_eq!((&second[0]["value"], &second[1]["value"]), (&json!(3.0), &json!(7.0)));
        assert_eq!(second[1]["attributes"]["sentry.count"]["value"], 1);
        assert!(second[1]["attributes"].get("sentry.max").is_none());
        assert!(told_of(vec![counter(4_000, 8, cumulative), histogram(4_000, 3, 17.0)]).is_empty());
        assert_eq!(told_of(vec![counter(5_000, 4, delta)])[0]["value"], 4.0, "what is no total is as it is");
    }
}
