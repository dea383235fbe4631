"""A shop with OpenTelemetry's own SDK; where to send to, and as what, is in the environment."""

import logging

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind

logging.basicConfig(level=logging.DEBUG)
spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(spans)
records = LoggerProvider()
records.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
set_logger_provider(records)
points = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
metrics.set_meter_provider(points)

shop = logging.getLogger("shop")
shop.addHandler(LoggingHandler(logger_provider=records))
tracer = trace.get_tracer("shop")
meter = metrics.get_meter("shop")


def charge(cart, amount):
    return int(amount)


with tracer.start_as_current_span("warm up") as first:
    pass

try:
    with tracer.start_as_current_span(
        "POST /carts/{cart}/pay",
        kind=SpanKind.SERVER,
        attributes={"http.request.method": "POST", "http.route": "/carts/{cart}/pay", "tenant": "acme"},
        links=[Link(first.get_span_context())],
    ) as root:
        print(f"trace: {root.get_span_context().trace_id:032x}")
        with tracer.start_as_current_span(
            "SELECT balance",
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.rows": 120, "shards": ["a", "b"]},
        ):
            shop.warning("stock of %s is %d", "A-1", 2, extra={"cart.items": 3})
        charge(7, "12,90")
except ValueError:
    shop.exception("cart 7 cannot be charged")

meter.create_counter("checkouts").add(1, {"tenant": "acme"})
meter.create_histogram("checkout.time", unit="ms").record(12.5)
meter.create_up_down_counter("queue.depth").add(4)
# Metrics are exported twice, as totals each time.
points.force_flush(20_000)
for provider in (spans, records, points):
    provider.shutdown()
