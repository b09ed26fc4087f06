"""People: one address each, two roles, and what a role may do."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError
from django.utils import translation

from hafiportrait.accounts.models import User
from tests.factories import PASSWORD


@pytest.mark.django_db
class EmailTests:
    def test_it_is_unique_in_any_case(self, budi: User) -> None:
        with pytest.raises(IntegrityError):
            User.objects.bulk_create([User(email="BUDI@Example.com", full_name="Another")])

    def test_a_second_one_is_refused_with_words(self, budi: User) -> None:
        with pytest.raises(ValidationError) as refused:
            User.objects.create_user("Budi@Example.com", PASSWORD, full_name="Another")

        with translation.override("en"):
            assert refused.value.message_dict == {"email": ["Already in use."]}

    @pytest.mark.parametrize("make", ["create", "create_user"])
    def test_it_is_stored_in_small_letters(self, make: str) -> None:
        person = getattr(User.objects, make)(email="  Sari@EXAMPLE.com ", full_name="Sari")

        assert User.objects.get(pk=person.pk).email == "sari@example.com"

    def test_a_person_is_found_in_whatever_case_it_is_typed(self, budi: User) -> None:
        assert User.objects.get_by_natural_key("BUDI@example.COM") == budi

    @pytest.mark.parametrize("email", ["", "budi", "budi@", "a@b\x00.example", "a b@example.com"])
    def test_what_is_no_address_is_refused(self, email: str) -> None:
        with pytest.raises(ValidationError):
            User.objects.create_user(email, PASSWORD, full_name="Budi")


@pytest.mark.django_db
class CreateUserTests:
    def test_somebody_new_is_a_client(self) -> None:
        person = User.objects.create_user("sari@example.com", PASSWORD, full_name="Sari")

        assert (person.role, person.is_active, person.is_staff) == ("CLIENT", True, False)
        assert person.check_password(PASSWORD)

    def test_without_a_password_none_opens_the_account(self) -> None:
        person = User.objects.create_user("sari@example.com", full_name="Sari")

        assert person.has_usable_password() is False

    def test_an_unknown_role_is_refused_by_the_database(self) -> None:
        with pytest.raises(IntegrityError):
            User.objects.create(email="sari@example.com", role="GUEST")

    def test_the_command_makes_a_photographer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

        call_command("createsuperuser", email="Hafi@Example.com", interactive=False, verbosity=0)

        hafi = User.objects.get()
        assert (hafi.email, hafi.role, hafi.full_name) == ("hafi@example.com", "ADMIN", "Hafi")
        assert (hafi.is_staff, hafi.is_superuser) == (True, True)
        assert hafi.check_password(PASSWORD)


class RoleTests:
    def test_a_photographer_may_do_everything(self) -> None:
        hafi = User(role=User.Role.ADMIN)

        assert hafi.has_perm("events.delete_event") is True
        assert hafi.has_perms(["events.add_event", "gallery.add_photo"]) is True
        assert hafi.has_module_perms("gallery") is True

    @pytest.mark.parametrize(
        "person", [User(role=User.Role.CLIENT), User(role=User.Role.ADMIN, is_active=False)]
    )
    def test_a_client_or_somebody_who_left_may_do_nothing(self, person: User) -> None:
        assert (person.is_staff, person.is_superuser) == (False, False)
        assert person.has_perm("events.view_event") is False
        assert person.has_perms(["events.view_event"]) is False
        assert person.has_module_perms("events") is False

    def test_people_are_called_by_name(self) -> None:
        budi = User(email="budi@example.com", full_name="Budi")

        assert (str(budi), budi.get_full_name(), budi.get_short_name()) == ("Budi", "Budi", "Budi")
        assert str(User(email="budi@example.com")) == "budi@example.com"
