"""Put something of ours into a course: the page inside the platform's frame on which a teacher chooses.

    POST /lti/launch     a request for content: ``asked_for`` keeps it with the session
    /deep-linking        whose, and what; every step is one form, so that it works without script and without cookies

What was chosen goes back to the platform's own address, signed: see ``deep_linking_answer``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, g, make_response, render_template, request

from coplink.core.artifacts import ArtifactId
from coplink.core.errors import DomainError
from coplink.core.people import Person
from coplink.core.words import Said, say
from coplink.engine import curate, picked
from coplink.engine.picked import Kind, Offer
from coplink.engine.secrets import fresh_token
from coplink.lti import deep_linking
from coplink.lti.claims import CORE
from coplink.lti.deep_linking import Asked, Chosen
from coplink.lti.launch import LaunchResult
from coplink.web import arriving
from coplink.web import deep_linking_answer as answers
from coplink.web.desk import Desk, see, typed
from coplink.web.shown import text_of, title_of, usable_zone

PATH = "/deep-linking"
LIFE = timedelta(hours=1)
LONGEST_TITLE = 255
MOST = 30


def asked_for(desk: Desk, result: LaunchResult) -> Response:
    """A verified request for content: refuse it in a friendly way, or begin a session and let the person choose."""
    with desk.begin() as uow:
        registration = uow.platforms.get(result.arrival.realm)
    if registration is None:
        raise answers.nothing_asked()
    asked = deep_linking.read(result.claims, registration, result.deployment_id)
    g.framed_by = result.frame_ancestors
    if not deep_linking.may_put(result.claims.texts(CORE + "roles")):
        why = say("Only those who teach or shape this course can put something of coplink into it.")
        return answers.refuse(desk, asked, why, 403)
    if asked.form is None:
        why = say("This place takes files or pictures; coplink has pages to offer. Nothing was put here.")
        return answers.refuse(desk, asked, why, 400)
    arriving.arrived(desk, result.arrival, result.frame_ancestors)
    with desk.begin() as uow:
        desk.remember(uow, deep_linking=asked.kept())
        uow.commit()
    return see(PATH)


def blueprint(desk: Desk) -> Blueprint:
    """The page on which somebody chooses."""
    views = Blueprint("deep_linking", __name__)

    @views.get(PATH)
    def begin() -> Response:
        return _Choice(desk, desk.person(), _asked(desk)).start()

    @views.post(PATH)
    def step() -> Response:
        choice = _Choice(desk, desk.person(), _asked(desk))
        do = typed("do", 20)
        if do == "cancel":
            return answers.give(desk, choice.asked, ())
        if do == "others" or "community" not in request.form:
            return choice.start()
        offer = choice.offer(typed("community", 64))
        try:
            match do:
                case "put":
                    return answers.give(desk, choice.asked, choice.chosen(offer))
                case "list" | "look-list":
                    return choice.draw(offer, _names())
                case "keep":
                    return choice.shelf(offer, (choice.keep(offer),))
                case _:
                    return choice.shelf(offer, _names())
        except DomainError as trouble:
            show = choice.draw if do == "keep" else choice.shelf
            answer = show(offer, _names(), trouble.message)
            answer.status_code = 400
            return answer

    @views.post(f"{PATH}/back")
    def back() -> Response:
        return answers.hop(desk)

    return views


@dataclass(frozen=True, slots=True)
class _Choice:
    """One person choosing, for one request of a platform."""

    desk: Desk
    person: Person
    asked: Asked

    def start(self) -> Response:
        """Whose: the communities; where there is one only, what it has."""
        context = arriving.origin_of(self.desk.visit).context
        with self.desk.begin() as uow:
            offers = picked.offers(uow, self.person, context)
        if len(offers) == 1:
            return self.shelf(offers[0], ())
        return self._page("deep_linking.html", offers=offers)

    def offer(self, key: str) -> Offer:
        """The community of that id, if something of it may be put there."""
        with self.desk.begin() as uow:
            return picked.offer(uow, self.person, arriving.origin_of(self.desk.visit).context, key)

    def shelf(self, offer: Offer, names: Sequence[str], trouble: Said | None = None) -> Response:
        """What there is of one community; ``names`` are chosen already."""
        return self._choose(
            "deep_linking_what.html", offer, names, trouble, title=typed("title") or self.asked.title or ""
        )

    def draw(self, offer: Offer, names: Sequence[str], trouble: Said | None = None) -> Response:
        """The form for a short list of files."""
        filled = {name: typed(name) for name in ("list_title", "why")}
        key = typed("key", 64) or fresh_token()
        return self._choose("deep_linking_list.html", offer, names, trouble, filled=filled, key=key)

    def keep(self, offer: Offer) -> str:
        """Make the list that was filled in; returns its name on the form."""
        entries = tuple(ArtifactId(name.partition(":")[2]) for name in _names() if name.startswith("file:"))
        drawn = curate.Drawn(typed("key", 64), typed("list_title"), typed("why"), entries)
        with self.desk.begin() as uow:
            made = curate.make(uow, self.person, offer.community.id, drawn, self.desk.now())
            uow.commit()
        return f"{Kind.LIST}:{made.id}"

    def chosen(self, offer: Offer) -> tuple[Chosen, ...]:
        """What was chosen, ready for the platform; raises ``DomainError`` where it cannot be put there."""
        names, asked, person = _names(), self.asked, self.person
        if len(names) > (MOST if asked.multiple else 1):
            raise DomainError(
                say("Choose at most {most} at a time.", most=MOST)
                if asked.multiple
                else say("Only one at a time can be put here.")
            )
        own = " ".join(typed("title", LONGEST_TITLE).split()) if not asked.multiple else ""
        with self.desk.begin() as uow:
            things = picked.pick(uow, offer, names)
            people: tuple[str, ...] = ()
            groups: tuple[str, ...] = ()
            if asked.collaboration:
                people = picked.subjects(uow, offer, person.institution, asked.registration)
                groups = picked.groups(uow, offer, person.institution, asked.registration)
        return tuple(
            Chosen(
                one.kind,
                own or title_of(one),
                (asked.text if not asked.multiple else None) or text_of(one),
                self.desk.base_url + one.path,
                people,
                groups,
            )
            for one in things
        )

    def _choose(
        self, template: str, offer: Offer, names: Sequence[str], trouble: Said | None, **more: object
    ) -> Response:
        desk, look = self.desk, typed("look", 100)
        files = [name.partition(":")[2] for name in names if name.startswith("file:")]
        context = arriving.origin_of(desk.visit).context
        with desk.begin() as uow:
            several = len(picked.offers(uow, self.person, context)) > 1
            shelf = picked.shelf(uow, self.person, offer, desk.manifests, desk.now(), look, files)
        zone = usable_zone(self.person.zone, shelf.rhythm.zone if shelf.rhythm else None)
        return self._page(
            template,
            shelf=shelf,
            names=names,
            look=look,
            zone=zone,
            trouble=trouble,
            several=several,
            **more,
        )

    def _page(self, template: str, **more: object) -> Response:
        course = arriving.origin_of(self.desk.visit).context
        return make_response(
            render_template(template, asked=self.asked, course=course.title if course else "", **more)
        )


def _names() -> tuple[str, ...]:
    """What is ticked, each once."""
    return tuple(dict.fromkeys(name[:80] for name in request.form.getlist("pick")))


def _asked(desk: Desk) -> Asked:
    """The platform's request that this session began with, for an hour."""
    session, kept = desk.visit.session, desk.visit.values.get("deep_linking", "")
    if session is None or not kept or desk.now() - session.made_at > LIFE:
        raise answers.nothing_asked()
    return deep_linking.recalled(kept)
