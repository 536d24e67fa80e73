"""Mail by Azure Communication Services' own SDK: the optional extra `acs`."""
