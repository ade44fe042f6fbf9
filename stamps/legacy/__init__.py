"""One module per legacy script, each with a function of the same name and the legacy arguments plus ``workdir``."""
