"""Scenarios as data: read from YAML, played on real nodes, judged by their trace."""
