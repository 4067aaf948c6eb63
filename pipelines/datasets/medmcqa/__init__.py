"""MedMCQA, as published on the hub, with what it needs of code."""
