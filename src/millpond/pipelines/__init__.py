"""Pipelines: the named jobs of a project, and the record of when they ran."""
