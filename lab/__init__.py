"""A loopback estate over real protocols: PSRP over WSMan, DNS, Autodiscover over HTTPS, SIP over TLS.

`python -m lab --estate fixtures/estates/healthy.yaml` runs one; tests use `lab.world.World`. Nothing in here knows what a
control expects: the lab answers as the estate file says, and misbehaves where the file asks for it.
"""
