"""Handles: users as numbers and salted hashes, what else is homed on-premises, and roles."""

from __future__ import annotations

from collections.abc import Callable

from fedready import asked as ask
from fedready.desk import Desk, Row
from fedready.handles.registry import asks
from fedready.inquiry import asked_once
from fedready.views.people import People


@asks(asked_once(ask.ALL_ONPREM_USERS))
def all_onprem_users(desk: Desk) -> People:
    return People(desk, ask.ALL_ONPREM_USERS)


@asks(asked_once(ask.ALL_ONLINE_USERS))
def all_online_users(desk: Desk) -> People:
    return People(desk, ask.ALL_ONLINE_USERS)


@asks(asked_once(ask.ONLINE_USERS_WITH_ONPREM_HOME))
def users_to_move(desk: Desk) -> People:
    return People(desk, ask.ONLINE_USERS_WITH_ONPREM_HOME)


@asks(*(asked_once(question) for question in ask.HOMED_THINGS))
def homed_things(desk: Desk) -> dict[str, People]:
    return {question.name: People(desk, question) for question in ask.HOMED_THINGS}


@asks(asked_once(ask.ADMIN_ROLES))
def admin_roles(desk: Desk) -> Callable[[], list[Row]]:
    return lambda: desk.rows(ask.ADMIN_ROLES)
