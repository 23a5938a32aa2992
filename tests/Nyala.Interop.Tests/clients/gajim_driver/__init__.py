# Gajim takes the first name it finds in here for the plugin, so there is no other.
from .driver import Driver  # noqa: F401
