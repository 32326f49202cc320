"""From a question to a clean answer: instruments, routing, schema, import, simulation."""
