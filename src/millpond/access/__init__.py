"""Access: who may do what, how callers prove who they are, and the record of what they did."""
