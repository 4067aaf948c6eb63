"""The one place that walks the stages, writes files and records a receipt of each."""
