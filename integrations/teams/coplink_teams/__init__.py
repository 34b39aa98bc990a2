"""The teams integration of coplink."""
