"""What every table shares: names for its constraints, and the Python types of its columns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, mapped_column

from coplink.storage.types import PlainText, SealedText, UtcDateTime, WrappedText, big_key, portable_json

# SQLite can only change a constraint that has a name.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """The parent of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: PlainText(),
        datetime: UtcDateTime(),
        dict[str, Any]: portable_json(),
        list[Any]: portable_json(),
    }


Key = Annotated[str, mapped_column(PlainText(), primary_key=True)]
Number = Annotated[int, mapped_column(big_key(), primary_key=True, autoincrement=True)]
Sealed = Annotated[str, mapped_column(SealedText())]
Wrapped = Annotated[str, mapped_column(WrappedText())]

InstitutionRef = Annotated[str, mapped_column(ForeignKey("institutions.id"), index=True)]
CommunityRef = Annotated[str, mapped_column(ForeignKey("communities.id"), index=True)]
PersonRef = Annotated[str, mapped_column(ForeignKey("people.id"), index=True)]
SpaceRef = Annotated[str, mapped_column(ForeignKey("spaces.id"), index=True)]
SpaceKey = Annotated[str, mapped_column(ForeignKey("spaces.id"), primary_key=True)]
