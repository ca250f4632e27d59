"""A library that measures Python source code and test coverage; it runs inside the box and imports nothing from gate."""
