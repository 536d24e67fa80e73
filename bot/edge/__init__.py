"""The Bot Framework edge: the only place that speaks the channel's protocol and its SDK's types."""
