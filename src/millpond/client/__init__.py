"""A project behind a server, with the methods of one in a folder."""
