"""The canvas integration of coplink."""
