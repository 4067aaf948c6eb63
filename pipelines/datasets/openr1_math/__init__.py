"""OpenR1-Math-220k, as published on the hub, with what it needs of code."""
