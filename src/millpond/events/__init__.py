"""The facts of Millpond as CloudEvents: their types, and the envelope."""
