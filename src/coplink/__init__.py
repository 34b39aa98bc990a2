"""coplink keeps communities of practice alive across Canvas, Microsoft Teams and Google Workspace.

Start reading in `coplink.engine`, whose docstring tells the walks; the words are in `coplink.core`.
"""

__version__ = "0.1.0"
