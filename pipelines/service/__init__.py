"""The client of the service: what a job would take, submitting it, looking after it."""
