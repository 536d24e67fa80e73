"""The exporter of traces: OTLP over HTTP. Needs the extra `otel`."""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def provider(service: str) -> TracerProvider:
    """Return what sends spans, in batches from a thread of its own, to the collector named."""
    named = Resource({SERVICE_NAME: service}).merge(OTELResourceDetector().detect())
    made = TracerProvider(resource=named)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made
