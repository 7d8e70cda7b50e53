"""Is this Skype for Business hybrid configured as the documentation says, for the phase it is in?"""

__version__ = "2026.11.0"
