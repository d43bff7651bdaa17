"""When and how the pipelines run: ``[pipelines.NAME]``."""

from __future__ import annotations

from pydantic import Field, field_validator

from millpond.errors import MillpondError
from millpond.settings.section import Section
from millpond.values import parse_age

_WHEN = (
    "When a server runs it: never, every AGE, after PIPELINE, hourly, daily, weekly, monthly, "
    "or five fields of cron, in UTC."
)


class PipelineSection(Section):
    """How one pipeline runs."""

    schedule: str = Field("never", description=_WHEN)
    retries: int = Field(
        3, ge=0, le=100, description="How often a step is tried again when it failed for now."
    )


class HistoryPipeline(PipelineSection):
    """``[pipelines.history]``."""

    schedule: str = Field("every 1m", description=_WHEN)


class ArchivePipeline(PipelineSection):
    """``[pipelines.archive]``."""

    schedule: str = Field("weekly", description=_WHEN)
    older_than: str = Field("7d", description="Age at which facts leave the database.")

    @field_validator("older_than")
    @classmethod
    def _is_an_age(cls, text: str) -> str:
        try:
            parse_age(text)
        except MillpondError as error:
            raise ValueError(str(error)) from error
        return text


class ViewsPipeline(PipelineSection):
    """``[pipelines.views]``."""

    schedule: str = Field("every 1m", description=_WHEN)


class MaintainPipeline(PipelineSection):
    """``[pipelines.maintain]``."""

    schedule: str = Field("daily", description=_WHEN)


class FeaturesPipeline(PipelineSection):
    """``[pipelines.features]``."""

    model: str = Field(
        "",
        description="Checkpoint by name or folder, or ONNX file; empty: google/efficientnet-b0.",
    )
    components: str = Field(
        "0.95", description="Components that are kept, or the share of the variance to keep."
    )


class LandPipeline(PipelineSection):
    """``[pipelines.land]``."""

    schedule: str = Field("hourly", description=_WHEN)


class PipelinesSection(Section):
    """When the pipelines run by themselves."""

    history: HistoryPipeline = HistoryPipeline()
    archive: ArchivePipeline = ArchivePipeline()
    views: ViewsPipeline = ViewsPipeline()
    maintain: MaintainPipeline = MaintainPipeline()
    land: LandPipeline = LandPipeline()
    features: FeaturesPipeline = FeaturesPipeline()
