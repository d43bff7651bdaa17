"""The checks of ``verify``, a file each."""
