"""One reading of a very large roster, in a process of its own: what it costs in CPU seconds and memory.

    python bench/reading.py ours|library DATABASE URL FOLDER

``ours`` is one job of the worker, exactly as the queue hands it over. ``library`` is what its users write: the whole
list from ``get_members()``, then one object per person through the ORM, compared and stored. Prints one JSON object.
Each reads a course of three first, as any worker has before. ``FOLDER`` is for what else coplink would write.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

MASTER_KEY = "b" * 43 + "="
SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


def memory(what: str) -> float:
    """``VmRSS`` (now) or ``VmHWM`` (at most so far), in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    raise ValueError(what)


def measured(small: Any, large: Any) -> dict[str, float]:
    """CPU seconds of ``large``, and the most memory held over what was there at the start."""
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    small()
    begun, wall = time.process_time(), time.monotonic()
    large()
    figures = {"cpu": time.process_time() - begun, "wall": time.monotonic() - wall}
    return {**figures, "mib": memory("VmHWM") - before, "imports_mib": before}


def ours(database: str, url: str) -> dict[str, Any]:
    """The worker's job."""
    from urllib.parse import urlsplit

    import requests  # noqa: F401  (both sides have it imported before anything is measured)

    from coplink.core.work import Kind
    from coplink.settings import load
    from coplink.wiring import build
    from coplink.worker.handlers import Worker

    here = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    settings = load(
        env_file=None,
        base_url="http://127.0.0.1:8080",
        loopback=True,
        database_url=database,
        data_dir=Path(sys.argv[4]),
        master_keys=MASTER_KEY,
    )
    services = build(settings)
    worker = Worker(services)
    with services.begin() as uow:
        if uow.communities.context("many") is None:
            make_world(uow, services, here, url)
        for key in ("small", "many"):
            uow.work.mark(Kind.READ_ROSTER, key, f"community of {key}")
        uow.commit()

    def read(key: str) -> None:
        assert worker.perform(Kind.READ_ROSTER, key, 0) is None

    figures = measured(lambda: read("small"), lambda: read("many"))
    with services.begin() as uow:
        [state] = uow.work.of("community of many")
        assert state.done
        [report, *_] = uow.records.reports("community of many", "read_roster")
    return {**figures, "counts": dict(report.counts)}


def make_world(uow: Any, services: Any, here: str, url: str) -> None:
    """One institution, its platform, and two communities: one of a small course, one of a very large."""
    from coplink.core.community import Charter, Community, Stage
    from coplink.core.people import CommunityId, Institution, InstitutionId
    from coplink.ports.records import ContextLink, Deployment, Registration

    school = InstitutionId("school")
    uow.institutions.add(Institution(school, "A large district"))
    uow.platforms.put(
        Registration("lms", school, here, "coplink", f"{here}/auth", f"{here}/token", f"{here}/jwks")
    )
    uow.platforms.put_deployment(Deployment("lms", "1", school, services.now()))
    for key, address in (("small", f"{here}/small"), ("many", url)):
        community = CommunityId(f"community of {key}")
        uow.communities.put(
            Community(community, school, key, Charter("a", "b", "c"), Stage.FORMING, services.now())
        )
        context = "small" if key == "small" else "course-of-many"
        roster = {"url": address, "context": context, "institution": "school"}
        uow.communities.put_context(ContextLink(key, school, "lms", context, key, community, roster))


def library(database: str, url: str) -> dict[str, Any]:
    """The naive way."""
    from urllib.parse import urlsplit

    from pylti1p3.contrib.flask.service_connector import FlaskServiceConnector
    from pylti1p3.names_roles import NamesRolesProvisioningService
    from pylti1p3.registration import Registration
    from sqlalchemy import String, create_engine, select
    from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

    class Table(DeclarativeBase):
        pass

    class Listed(Table):
        __tablename__ = "listed"
        course = mapped_column(String, primary_key=True)
        subject = mapped_column(String, primary_key=True)
        name = mapped_column(String)
        email = mapped_column(String)
        roles = mapped_column(String)
        status = mapped_column(String)

    here = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    engine = create_engine(database)
    Table.metadata.create_all(engine)
    registration = Registration()
    registration.set_issuer(here).set_client_id("coplink").set_auth_token_url(f"{here}/token")
    FlaskServiceConnector.access_tokens.clear()
    connector = FlaskServiceConnector(registration)
    connector._cache_access_token(connector._scope_key([SCOPE]), "t", 3600)

    def read(course: str, address: str) -> None:
        members = NamesRolesProvisioningService(connector, {"context_memberships_url": address}).get_members()
        listed = set()
        with Session(engine) as session:
            for member in members:
                listed.add(member["user_id"])
                row = session.scalars(
                    select(Listed).where(Listed.course == course, Listed.subject == member["user_id"])
                ).one_or_none()
                if row is None:
                    row = Listed(course=course, subject=member["user_id"])
                    session.add(row)
                told = {
                    "name": member.get("name"),
                    "email": member.get("email"),
                    "roles": " ".join(member["roles"]),
                    "status": member.get("status"),
                }
                for name, value in told.items():
                    if getattr(row, name) != value:
                        setattr(row, name, value)
            known = session.scalars(select(Listed.subject).where(Listed.course == course)).all()
            for subject in set(known) - listed:
                session.delete(session.get(Listed, (course, subject)))
            session.commit()

    figures = measured(lambda: read("small", f"{here}/small"), lambda: read("many", url))
    engine.dispose()
    return figures


def main() -> None:
    """Run one case and print its figures."""
    way, database, url = sys.argv[1:4]
    figures = {"ours": ours, "library": library}[way](database, url)
    figures["at_most_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
