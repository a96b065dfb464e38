"""shells/blocking."""
