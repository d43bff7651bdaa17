"""Raw: objects as they came, and how pictures and batch files are read without harm."""
