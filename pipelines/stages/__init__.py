"""The seven steps from raw rows to checked files; `order.py` lists them."""
