"""Everything that speaks to Teams, Graph and HTTP clients, and the composition root."""
