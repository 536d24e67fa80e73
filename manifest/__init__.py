"""The Teams app package: manifest template, icons and their builder."""
