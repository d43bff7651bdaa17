"""The operational database: connections, the clock, group commit and its one schema."""
