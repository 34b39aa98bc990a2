"""Short lists come back as they were made, within their community, and follow their maker; people by their subjects."""

from __future__ import annotations

from datetime import timedelta

from coplink.core.artifacts import Artifact, ArtifactId
from coplink.core.lists import CuratedList, ListId
from coplink.core.people import CommunityId, Identity


def artifact(world, key, **changes):
    values = {
        "id": ArtifactId(key),
        "community": world.community.id,
        "space": world.space.id,
        "remote": key,
        "title": f"File {key}",
        "link": "https://files.example/",
        "made_at": world.now,
        "changed_at": world.now,
        "version": "1",
        **changes,
    }
    return Artifact(**values)


def curated(world, key="l1", at=0, maker=None):
    entries = (ArtifactId("b"), ArtifactId("a"))
    made_at = world.now + timedelta(hours=at)
    maker = maker or world.ada
    return CuratedList(ListId(key), world.community.id, "Week <3> 📚", "", entries, maker.id, made_at)


def test_a_list_keeps_its_order_and_the_newest_comes_first(keep, world):
    with keep() as uow:
        for one in (curated(world), curated(world, "l2", at=2), curated(world, "l3", at=1)):
            uow.catalogue.put_list(one)
    with keep() as uow:
        assert uow.catalogue.curated(ListId("l1")) == curated(world)
        assert uow.catalogue.curated(ListId("unknown")) is None
        assert [one.id for one in uow.catalogue.lists(world.community.id)] == ["l2", "l3", "l1"]
        assert [one.id for one in uow.catalogue.lists(world.community.id, 1)] == ["l2"]
        assert uow.catalogue.lists(CommunityId("another")) == []


def test_some_artifacts_are_found_within_their_community_alone(keep, world):
    gone = artifact(world, "b", withdrawn_at=world.now)
    with keep() as uow:
        uow.catalogue.put(artifact(world, "a"), None)
        uow.catalogue.put(gone, None)
    keys = [ArtifactId(key) for key in ("a", "b", "unknown")]
    with keep() as uow:
        assert uow.catalogue.some(world.community.id, keys) == {"a": artifact(world, "a"), "b": gone}
        assert uow.catalogue.some(CommunityId("another"), keys) == {}
        assert uow.catalogue.some(world.community.id, []) == {}


def test_a_list_follows_its_maker_into_the_record_that_stays(keep, world):
    with keep() as uow:
        uow.catalogue.put_list(curated(world, maker=world.bo))
        uow.people.merge(gone=world.bo.id, into=world.ada.id)
    with keep() as uow:
        found = uow.catalogue.curated(ListId("l1"))
        assert found is not None
        assert found.made_by == world.ada.id


def test_people_are_called_as_one_platform_of_one_institution_calls_them(keep, world):
    north, south = world.north.id, world.south.id
    with keep() as uow:
        for institution, realm, subject, person in (
            (north, "reg", "ada-2", world.ada),
            (north, "reg", "ada-1", world.ada),
            (north, "other", "ada-elsewhere", world.ada),
            (north, "reg", "bo", world.bo),
            (south, "reg", "sol", world.sol),
        ):
            uow.people.put_identity(Identity(institution, "lti", realm, subject, person.id, world.now))
        everybody = [world.ada.id, world.bo.id, world.sol.id]
        assert uow.people.known_as(north, "lti", "reg", everybody) == ["ada-1", "ada-2", "bo"]
        assert uow.people.known_as(south, "lti", "reg", everybody) == ["sol"]
        assert uow.people.known_as(north, "lti", "reg", []) == []
