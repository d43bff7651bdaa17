"""What the history costs: loads, questions, memory and room on the disk."""
