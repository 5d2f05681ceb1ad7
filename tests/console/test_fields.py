"""Form fields join their label, hint and error for assistive technology."""

import re

from django import forms


class Sample(forms.Form):
    key = forms.CharField(label="Key", help_text="Starts with <code>rk_</code>.")
    note = forms.CharField(required=False)
    active = forms.BooleanField(required=False, help_text="On or off.")
    when = forms.ChoiceField(choices=[("now", "Now")], widget=forms.RadioSelect, help_text="Choose one.")


def describing_ids(html: str) -> list[str]:
    return re.findall(r'aria-describedby="([^"]+)"', html)[0].split()


def test_it_names_hint_and_error_in_the_control_s_description() -> None:
    html = Sample({})["key"].as_field_group()

    assert describing_ids(html) == ["id_key_helptext", "id_key_error"]
    for described in describing_ids(html):
        assert f'id="{described}"' in html
    assert 'aria-invalid="true"' in html
    assert '<label class="field__label" for="id_key">Key</label>' in html


def test_it_says_which_fields_may_stay_empty() -> None:
    assert "(optional)" in Sample()["note"].as_field_group()
    assert "(optional)" not in Sample()["key"].as_field_group()


def test_it_puts_a_checkbox_before_its_label() -> None:
    html = Sample()["active"].as_field_group()

    assert html.index("<input") < html.index("<label")
    assert describing_ids(html) == ["id_active_helptext"]


def test_it_groups_radio_buttons_under_a_legend() -> None:
    html = Sample()["when"].as_field_group()

    assert "<legend>When</legend>" in html
    assert describing_ids(html) == ["id_when_helptext"]
