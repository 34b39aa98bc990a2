"""The google integration of coplink."""
