"""``coplink install``: what is written is whole, complete and what the platform takes, for every integration."""

from __future__ import annotations

import importlib
import io
import json
import re
import struct
import zipfile
import zlib
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from coplink import registry
from coplink.cli import cli
from coplink.core.errors import DomainError
from coplink.engine import connect
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing import graph_contract
from coplink.wiring import Services, build

installing = importlib.import_module("coplink.cli.install")  # the package's own name is the command
BASE = "https://coplink.school.example"
GUID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
SECRETS = {
    "client_secret": "cl13nt-secr3t",
    "token": "t0ken-of-canvas",
    "robot_refresh_token": "r0b0t-refresh",
}
SETTINGS = {
    "teams": {
        "tenant_id": "11111111-2222-3333-4444-555555555555", "client_id": GUID, "mailbox": "coplink@school.example",
        "team_id": "77777777-2222-3333-4444-555555555555", "app_id": "88888888-2222-3333-4444-555555555555",
        "client_secret": SECRETS["client_secret"],
    },
    "google": {
        "domain": "school.example", "client_id": "77.apps.example", "client_secret": SECRETS["client_secret"],
        "service_account": '{"type": "service_account"}', "robot": "robot@school.example",
        "robot_refresh_token": SECRETS["robot_refresh_token"],
    },
    "canvas": {"base_url": "https://canvas.school.example", "token": SECRETS["token"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Services:
    folder = tmp_path_factory.mktemp("install")
    address = f"sqlite:///{folder / 'coplink.sqlite'}"
    engine = make_engine(address)
    upgrade(engine)
    engine.dispose()
    built = build(
        load(env_file=None, base_url=BASE, data_dir=folder, database_url=address, master_keys="b" * 43 + "=")
    )
    with built.begin() as uow:
        school = connect.add_institution(uow, "Riverbend")
        connect.add_institution(uow, "Lakeside")
        uow.commit()
    for key, settings in SETTINGS.items():
        connected(built, school.id, key, settings)
    return built


def connected(services: Services, institution, key: str, settings) -> None:
    maker = services.installed.get(key)
    with services.begin() as uow:
        connect.connect(uow, institution, maker.manifest, settings, maker.look_over, services.now())
        uow.commit()


def in_mode(services: Services, mode: str) -> dict[str, bytes]:
    with services.begin() as uow:
        school = uow.institutions.named("Riverbend")
    connected(services, school.id, "teams", {**SETTINGS["teams"], "mode": mode})
    return installing.rendered(services, "teams", "Riverbend")


@pytest.mark.parametrize("integration", sorted(SETTINGS))
def test_every_file_is_filled_says_where_coplink_is_and_tells_no_secret(services, integration):
    found = installing.rendered(services, integration, "Riverbend")
    texts = {name: content.decode() for name, content in found.items() if not name.endswith(".png")}
    assert not [
        name for name, text in texts.items() if "{{" in text or ("}}" in text and not name.endswith(".json"))
    ]
    assert BASE in "".join(texts.values())
    for name, text in texts.items():
        assert not [secret for secret in SECRETS.values() if secret in text], name
        if name.endswith(".json"):
            json.loads(text)


@pytest.mark.parametrize("integration", sorted(SETTINGS))
def test_no_file_of_any_integration_has_a_gap_for_a_secret(services, integration):
    secret = {field.name for field in services.installed.get(integration).manifest.fields if field.secret}
    for file in installing.artefacts(services, integration):
        if not file.name.endswith((".png", ".svg")):
            assert not secret & set(installing.GAP.findall(file.read_text())), file.name


@pytest.mark.parametrize("mode", ["channel", "team"])
@pytest.mark.parametrize("version", ["1.25", "1.30"])
def test_the_bytes_of_the_teams_package_are_what_microsoft_takes(services, mode, version):
    schema = graph_contract.FILE.parent / f"teams-manifest-v{version}.schema.json"
    if not schema.is_file():
        pytest.skip("no Teams manifest schema: ../shared/contracts is absent")
    bundle = zipfile.ZipFile(io.BytesIO(installing.package(in_mode(services, mode))))
    assert bundle.testzip() is None
    assert bundle.namelist() == ["color.png", "manifest.json", "outline.png"]
    app = json.loads(bundle.read("manifest.json"))
    validator = jsonschema.Draft4Validator(json.loads(schema.read_text()))
    as_version = {**app, "manifestVersion": version, "$schema": app["$schema"].replace("1.25", version)}
    assert [error.message for error in validator.iter_errors(as_version)] == []
    assert list(validator.iter_errors({**as_version, "id": "no id"}))


@pytest.mark.parametrize("mode", ["channel", "team"])
def test_the_teams_package_asks_for_the_permissions_of_its_mode(services, mode):
    found = in_mode(services, mode)
    app = json.loads(found["manifest.json"])
    asked = [one["name"] for one in app["authorization"]["permissions"]["resourceSpecific"]]
    manifest = services.installed.get("teams").manifest
    needed = [scope.name for scope in manifest.scopes if scope.needed({"mode": mode})]
    assert asked == [name for name in needed if name.endswith(".Group")]
    listed = json.loads(found["permissions.json"])
    assert sorted(listed["tenant"] + listed["the coplink app in Teams"]) == sorted(needed)
    assert len(asked) <= 16
    assert app["id"] == app["webApplicationInfo"]["id"] == GUID
    assert app["webApplicationInfo"]["resource"] == f"api://coplink.school.example/{GUID}"
    assert app["version"] == {"channel": "1.2.0", "team": "1.2.1"}[mode], (
        "the modes' packages can be told apart"
    )


def pixels(png: bytes) -> set[tuple[int, ...]]:
    """The colours of a PNG of 8 bits with transparency, not interlaced (RFC 2083)."""
    head = struct.unpack(">IIBBBBB", png[16:29])
    assert head[2:] == (8, 6, 0, 0, 0)
    data, at = b"", 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    raw, width, line = zlib.decompress(data), head[0] * 4, bytearray(head[0] * 4)
    found = set()
    for row in range(head[1]):
        start = row * (width + 1)
        line = unfiltered(raw[start], raw[start + 1 : start + 1 + width], line)
        found |= {tuple(line[n : n + 4]) for n in range(0, width, 4)}
    return found


def unfiltered(kind: int, row: bytes, above: bytearray) -> bytearray:
    line = bytearray(row)
    for n, byte in enumerate(row):
        left, up, corner = (line[n - 4] if n > 3 else 0), above[n], (above[n - 4] if n > 3 else 0)
        near = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
        line[n] = (byte + (0, left, up, (left + up) // 2, near)[kind]) % 256
    return line


def test_the_icons_have_the_sizes_teams_wants_and_the_outline_is_white_on_nothing(services):
    found = installing.rendered(services, "teams", "Riverbend")
    for name, size in (("color.png", 192), ("outline.png", 32)):
        assert struct.unpack(">II", found[name][16:24]) == (size, size)
    seen = pixels(found["outline.png"])
    assert {colour[:3] for colour in seen if colour[3]} == {(255, 255, 255)}
    assert any(colour[3] == 0 for colour in seen)


def test_the_same_content_makes_the_same_bytes(services):
    first, second = (installing.package(in_mode(services, "channel")) for _ in range(2))
    assert first == second
    assert installing.package(in_mode(services, "team")) != first


def test_what_teams_would_not_take_is_refused_before_anything_is_written(services):
    teams = services.installed.get("teams")
    good = in_mode(services, "channel")
    assert list(teams.faults(good)) == []
    app = json.loads(good["manifest.json"])
    wrong = {**good, "manifest.json": json.dumps({**app, "id": "6666"}).encode()}
    assert [str(one) for one in teams.faults(wrong)] == ["manifest.json: “6666” is not the id of an app."]
    swapped = {**good, "color.png": good["outline.png"]}
    assert [str(one) for one in teams.faults(swapped)] == ["color.png is not a PNG of 192 by 192 pixels."]
    many = json.loads(good["manifest.json"])
    many["authorization"]["permissions"]["resourceSpecific"] *= 3
    assert "more than 16" in str(teams.faults({**good, "manifest.json": json.dumps(many).encode()})[0])


def test_a_secret_that_somebody_entered_elsewhere_too_is_written_nowhere(services):
    with services.begin() as uow:
        school = connect.add_institution(uow, "Seaside")
        uow.commit()
    careless = {**SETTINGS["teams"], "client_id": "cl13nt-secr3t", "client_secret": "cl13nt-secr3t"}
    connected(services, school.id, "teams", careless)
    with pytest.raises(DomainError, match=r"manifest\.json would tell the secret “Client secret”"):
        installing.rendered(services, "teams", "Seaside")


def test_a_value_is_written_into_json_as_json_writes_it_and_a_gap_never_comes_from_a_value(services):
    odd = installing.filled(
        '{"a": "x {{robot}}", "b": {{list}}}', {"robot": 'a"b\\', "list": "[1]"}, "a.json"
    )
    assert json.loads(odd) == {"a": 'x a"b\\', "b": [1]}
    assert installing.filled("{{robot}}", {"robot": 'a"b'}, "a.md") == 'a"b'
    with pytest.raises(DomainError, match="connect the platform first"):
        installing.rendered(services, "teams", "Lakeside")


def test_the_command_writes_folder_and_package_whole(services, tmp_path, monkeypatch):
    monkeypatch.setenv("COPLINK_BASE_URL", BASE)
    monkeypatch.setenv("COPLINK_DATABASE_URL", services.settings.database_url)
    monkeypatch.setenv("COPLINK_MASTER_KEYS", "b" * 43 + "=")
    out = tmp_path / "out"
    words = ["install", "teams", "--institution", "Riverbend", "--data", str(tmp_path), "--out", str(out)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    names = sorted(file.name for file in out.iterdir())
    assert names == ["color.png", "coplink-teams.zip", "manifest.json", "outline.png", "permissions.json"]
    assert (out / "coplink-teams.zip").read_bytes() == installing.package(
        {name: (out / name).read_bytes() for name in names if not name.endswith(".zip")}
    )
    assert all(name in done.output for name in names)


def test_each_integrations_readme_tells_how_to_install_it(services):
    folder = Path(__file__).resolve().parents[2] / "integrations"
    for key in registry.integrations().integrations:
        text = (folder / key / "README.md").read_text()
        assert re.search(rf"coplink install {key} --institution", text), key
