"""The product on show: a Teams simulator, a mail catcher, a replayed incident and one page."""
