"""Sources of people beside an audience's list: read again and again, and kept."""
