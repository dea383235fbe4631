//! Points of metrics. A histogram becomes a distribution: its mean, with count and extremes as attributes.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric, NumberDataPoint};
use serde_json::{Map, Value, json};

use super::value::{attributes, hex, of_resource, seconds};

pub(super) fn entries(export: ExportMetricsServiceRequest) -> Vec<Value> {
    let mut entries = Vec::new();
    for group in &export.resource_metrics {
        let resource = of_resource(group.resource.as_ref());
        for metric in group.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            let writer = Writer { metric, resource: &resource };
            writer.write(&mut entries);
        }
    }
    entries
}

/// One metric on its way.
struct Writer<'a> {
    metric: &'a Metric,
    resource: &'a Map<String, Value>,
}

impl Writer<'_> {
    fn write(&self, out: &mut Vec<Value>) {
        match &self.metric.data {
            Some(Data::Gauge(gauge)) => {
                out.extend(gauge.data_points.iter().filter_map(|p| self.number("gauge", p)))
            }
            Some(Data::Sum(sum)) => {
                // A sum that can fall is a level, not a count of happenings.
                let kind = if sum.is_monotonic { "counter" } else { "gauge" };
                out.extend(sum.data_points.iter().filter_map(|point| self.number(kind, point)));
            }
            Some(Data::Histogram(histogram)) => {
                out.extend(histogram.data_points.iter().filter_map(|point| {
                    let facts = [("sentry.min", point.min), ("sentry.max", point.max)];
                    let all = self.counted(attributes(&point.attributes), point.count, &facts);
                    self.mean(point.count, point.sum, point.time_unix_nano, all, &point.exemplars)
                }));
            }
            Some(Data::ExponentialHistogram(histogram)) => {
                out.extend(histogram.data_points.iter().filter_map(|point| {
                    let facts = [("sentry.min", point.min), ("sentry.max", point.max)];
                    let all = self.counted(attributes(&point.attributes), point.count, &facts);
                    self.mean(point.count, point.sum, point.time_unix_nano, all, &point.exemplars)
                }));
            }
            Some(Data::Summary(summary)) => {
                out.extend(summary.data_points.iter().filter_map(|point| {
                    let all = self.counted(attributes(&point.attributes), point.count, &[]);
                    self.mean(point.count, Some(point.sum), point.time_unix_nano, all, &[])
                }));
            }
            None => {}
        }
    }

    fn number(&self, kind: &str, point: &NumberDataPoint) -> Option<Value> {
        let value = match point.value? {
            Number::AsDouble(value) => value,
            Number::AsInt(value) => value as f64,
        };
        self.point(kind, value, point.time_unix_nano, attributes(&point.attributes), &point.exemplars)
    }

    fn mean(
        &self,
        count: u64,
        sum: Option<f64>,
        at: u64,
        all: Map<String, Value>,
        exemplars: &[Exemplar],
    ) -> Option<Value> {
        if count == 0 {
            return None;
        }
        self.point("distribution", sum? / count as f64, at, all, exemplars)
    }

    fn counted(
        &self,
        mut all: Map<String, Value>,
        count: u64,
        facts: &[(&str, Option<f64>)],
    ) -> Map<String, Value> {
        all.insert("sentry.count".to_owned(), json!({ "value": count, "type": "integer" }));
        for (name, fact) in facts {
            if let Some(fact) = fact {
                all.insert((*name).to_owned(), json!({ "value": fact, "type": "double" }));
            }
        }
        all
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
