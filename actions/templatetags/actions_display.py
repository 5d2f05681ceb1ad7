"""Clicks on pages of the layers below, which must not import this one."""

from typing import Any
from uuid import UUID

from django import template

from actions.selectors import clicks_of_user

register = template.Library()


@register.inclusion_tag("actions/user_clicks.html")
def user_clicks(app_id: UUID, user_id: str) -> dict[str, Any]:
    """The end user's ten newest clicks with their outcomes."""
    return {"executions": clicks_of_user(app_id=app_id, user_id=user_id)[:10]}
