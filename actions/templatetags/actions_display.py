"""Clicks and prompts on pages of the layers below, which must not import this one."""

from typing import Any
from uuid import UUID

from django import template

from actions.prompt_overview import overview_of_prompts
from actions.selectors import clicks_of_user
from connector.host import get_host
from connector.selectors import serving_connection

register = template.Library()


@register.inclusion_tag("actions/user_clicks.html")
def user_clicks(app_id: UUID, user_id: str) -> dict[str, Any]:
    """The end user's ten newest clicks with their outcomes."""
    return {"executions": clicks_of_user(app_id=app_id, user_id=user_id)[:10]}


@register.inclusion_tag("actions/troubled_prompts.html")
def troubled_prompts(app_id: UUID) -> dict[str, Any]:
    """The prompts of a connected App whose clicks would be refused as things are."""
    connection = serving_connection(app_id=app_id)
    overview = overview_of_prompts(app_id=app_id, connection=connection) if connection else {}
    troubled = {prompt_id for prompt_id, found in overview.items() if found.troubled}
    return {"prompts": [prompt for prompt in get_host().prompts(app_id) if prompt.id in troubled]}
