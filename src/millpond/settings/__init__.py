"""What a project declares in ``millpond.toml``: every setting once, with default and help."""

from millpond.settings.bus import BusSection, SourceSection
from millpond.settings.capture import CaptureSection, CaptureSources
from millpond.settings.feeds import FeedColumn, FeedSection
from millpond.settings.metrics import AlertMeasure, AlertSection, MetricsSection
from millpond.settings.pipelines import FeaturesPipeline, LandPipeline, PipelinesSection
from millpond.settings.settings import (
    FILE,
    FORMAT,
    AppSection,
    AppTemplate,
    DatabaseSection,
    EngineSection,
    LimitsSection,
    QuerySection,
    ServerSection,
    Settings,
    StorageSection,
    check_format,
    effective,
    find_project,
    read_settings,
)

__all__ = [
    "FILE",
    "FORMAT",
    "AlertMeasure",
    "AlertSection",
    "AppSection",
    "AppTemplate",
    "BusSection",
    "CaptureSection",
    "CaptureSources",
    "DatabaseSection",
    "EngineSection",
    "FeaturesPipeline",
    "FeedColumn",
    "FeedSection",
    "LandPipeline",
    "LimitsSection",
    "MetricsSection",
    "PipelinesSection",
    "QuerySection",
    "ServerSection",
    "Settings",
    "SourceSection",
    "StorageSection",
    "check_format",
    "effective",
    "find_project",
    "read_settings",
]
