"""The JSON that the page lives on."""
