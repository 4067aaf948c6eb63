"""What can be wrong with a math row, one function a rule, each with its measured precision.

Measured on the report half of the adjudicated rows (docs/reasons.md).
"""
