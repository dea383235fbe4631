"""Measurements: counters, gauges and distributions.

    from watchpost import metrics

    metrics.count("orders.paid")
    metrics.gauge("queue.depth", 17, attributes={"queue": "mail"})
    metrics.distribution("import.time", 12.5, unit="millisecond")
"""

from ._watchpost import count, distribution, gauge

__all__ = ["count", "distribution", "gauge"]
