"""The REST API: everything the cards can do, for scripts and the command line."""

from bot.api.access import Access
from bot.api.problems import problems_as_json
from bot.api.routes import api_routes

__all__ = ["Access", "api_routes", "problems_as_json"]
