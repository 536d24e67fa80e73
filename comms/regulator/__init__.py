"""Regulators: deadlines as data, counted down once a person starts them, never filed by Sitrep."""
