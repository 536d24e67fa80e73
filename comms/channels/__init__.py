"""The channels: each a folder with everything about it: rendering, sending and limits."""
