"""The answers as a check wants to look at them. Every look leaves a Reading at the desk; what is not there is Unseen."""
