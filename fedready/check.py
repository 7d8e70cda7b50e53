"""What a check file may import: the mark that ties a function to its control, and the words of judging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fedready.compare import domain_set, host_of, in_domain, same_domains, same_fqdn, same_url
from fedready.desk import advise, bind, fail, note, show
from fedready.model import Unseen
from fedready.questions import is_global, reads
from fedready.views.looking import every
from fedready.words import said

__all__ = [
    "Unseen",
    "advise",
    "bind",
    "control",
    "domain_set",
    "every",
    "fail",
    "host_of",
    "in_domain",
    "is_global",
    "note",
    "reads",
    "same_domains",
    "same_fqdn",
    "same_url",
    "said",
    "show",
]


def control(id: str, *, per: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Tie a check to the row of the baseline with this id.

    Args:
        id: the control, `HOST-04`.
        per: `sip_domain` when the control has a finding for each SIP domain (`shared_domain`: of either side; `policy`:
            for each external access policy on-premises; `edge`: for each Edge server with an endpoint; `edge_name`: for
            each external name of the Edge; `certificate_name`: and for sip of each SIP domain; `replica`: for each
            replica of the central store). The function is written as if there were one; it is called
            once for each, in one pytest item.
    """
    return pytest.mark.control(id, per=per)
