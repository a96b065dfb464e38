"""shells/aio."""
