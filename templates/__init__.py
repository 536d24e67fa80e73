"""Jinja2 and MJML sources: one folder per audience, one file per kind and channel; cards."""
