"""The use cases, one a file: wiring in, values out; nothing here prints."""
