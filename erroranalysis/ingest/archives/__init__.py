"""Archives that hold the records of one tool in a layout of its own."""
