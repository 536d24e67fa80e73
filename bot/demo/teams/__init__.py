"""A Teams simulator: people on one side, the connector's REST on the other, activities between."""
