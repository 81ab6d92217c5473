"""What shows itself in a notebook. The only place that knows of a browser."""
