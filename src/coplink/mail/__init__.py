"""E-mail over SMTP, by the standard library. May import: ports and core."""
