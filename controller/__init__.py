"""lamsach: a fleet controller for malware clean-up campaigns."""

__version__ = "0.1.0"
