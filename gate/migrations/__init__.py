"""The steps that bring a database to the schema of `gate.tables`; `Store.migrate` takes them."""
