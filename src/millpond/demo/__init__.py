"""The demo: the whole loop once, unattended, on generated images or on the user's own."""
