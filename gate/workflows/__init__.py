"""What Gate does: one verb a module. A workflow reads, lets `core` decide, and writes; it decides nothing itself."""
