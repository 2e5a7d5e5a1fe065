"""The events that a source may send; other keys of their JSON are not read, and not kept."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from likelight.contract import Count, KitchenId, Moment, NoteCode
from likelight_cloud.store.ingest import MOST_PER_EVENT, LikesSent


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Event(_Part):
    id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """By which a bearer source's event is known again; a profile says where a signed one's is."""


class TotalData(_Part):
    kitchen: KitchenId
    total: Count


class LikesTotal(_Event):
    """All likes that there are until now, as the provider counts them."""

    type: Literal["likes.total"]
    data: TotalData

    @property
    def sent(self) -> LikesSent:
        """What the store counts."""
        return LikesSent(self.data.total, running=True)


class DeltaData(_Part):
    kitchen: KitchenId
    n: Annotated[Count, Field(ge=1, le=MOST_PER_EVENT)]


class LikesDelta(_Event):
    """New likes."""

    type: Literal["likes.delta"]
    data: DeltaData

    @property
    def sent(self) -> LikesSent:
        """What the store counts."""
        return LikesSent(self.data.n, running=False)


class NoteData(_Part):
    kitchen: KitchenId
    code: NoteCode


class SentNote(_Event):
    """A prepared note."""

    type: Literal["note"]
    data: NoteData


class MomentData(_Part):
    kitchen: KitchenId
    moment: Moment


class MomentEvent(_Event):
    """What happens in the kitchen just now. It says nothing of an order."""

    type: Literal["moment"]
    data: MomentData


class IngestEvent(
    RootModel[
        Annotated[LikesTotal | LikesDelta | SentNote | MomentEvent, Field(discriminator="type")]
    ]
):
    """Body of `POST /v1/ingest/{source}`."""

    model_config = ConfigDict(frozen=True)
