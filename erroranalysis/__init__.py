"""erroranalysis."""
