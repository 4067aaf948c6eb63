"""What a service accepts: a module a family, a rule one function; `tables/` are dated data."""
