"""The only rooms with a wire, one library each: PowerShell, DNS, HTTPS. Answers and failures alike become Evidence."""
