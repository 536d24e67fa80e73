"""The engine: incidents, CAN reports, audiences, promises, approval, rendering and fan-out.

Knows neither Teams' SDK, nor an HTTP server, nor SQL; `bot` and `storage` depend on it.
"""
