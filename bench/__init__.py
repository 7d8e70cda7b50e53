"""How fast, at which cost, against whom: one module per row of the table in docs/performance.md. `make bench` runs all."""
