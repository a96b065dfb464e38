"""core/overrides."""
