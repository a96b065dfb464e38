"""kurrent_conn."""
