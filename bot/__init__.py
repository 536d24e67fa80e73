"""Everything that speaks to Teams, Graph and HTTP clients, and the composition root."""

__version__ = "0.1.0"
