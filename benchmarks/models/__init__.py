"""Models of several families: trained for a minute, imported, and asked over HTTP."""
