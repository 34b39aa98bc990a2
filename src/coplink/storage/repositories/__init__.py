"""One repository per aggregate; each keeps the promises written in ``coplink.ports.storage``."""
