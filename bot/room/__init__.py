"""The war room in Teams: what is posted there, and how."""
