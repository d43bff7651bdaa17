"""The files of a published checkpoint: in a folder, in the cache of Hugging Face, or fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from millpond.errors import Invalid, NotFound, NotInstalled

CONFIG: Final = "config.json"
PROCESSOR: Final = "preprocessor_config.json"
_WEIGHTS: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
#: Nothing else of a repository is looked at; above all no pickle.
_PATTERNS: Final = [CONFIG, PROCESSOR, _WEIGHTS, _INDEX, "model-*.safetensors"]


def check_checkpoint(folder: Path) -> None:
    """Refuse a folder that does not hold a whole checkpoint with safe weights.

    Raises:
        Invalid: the message says what is missing.
    """
    if not weight_files(folder):
        pickles = sorted(path.name for path in folder.glob("*.bin"))
        if pickles:
            raise Invalid(
                f"{folder} has its weights in {pickles[0]}, a Python pickle, which can run code; "
                f"take a release of the model with {_WEIGHTS}, or save it anew with safetensors"
            )
        raise Invalid(f"{folder} has no {_WEIGHTS}; a checkpoint has one, {CONFIG} and {PROCESSOR}")
    for name in (CONFIG, PROCESSOR):
        if not (folder / name).is_file():
            raise Invalid(f"{folder} has no {name}; bring it from where its weights came from")


def weight_files(folder: Path) -> list[Path]:
    """The files of weights in a folder, in the order of their names."""
    return sorted([*folder.glob(_WEIGHTS), *folder.glob("model-*.safetensors")])


def fetch(name: str) -> Path:
    """The folder of a published checkpoint on this machine, fetched where it is not there yet.

    Raises:
        NotInstalled: it cannot be fetched; the message says how to bring it.
        NotFound: there is no model of that name.
        Invalid: it has no safe weights.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
    except ImportError as error:
        raise NotInstalled(
            f"{name} is no file or folder here, and to look for it as a published model needs "
            "huggingface_hub: pip install 'millpond[train]'"
        ) from error
    try:
        folder = Path(snapshot_download(name, allow_patterns=_PATTERNS, local_files_only=True))
        check_checkpoint(folder)
        return folder
    except (OSError, Invalid):
        pass  # It is not there, or not whole.
    try:
        return Path(snapshot_download(name, allow_patterns=_PATTERNS))
    except RepositoryNotFoundError as error:
        raise NotFound(f"there is no published model {name}, and no file or folder") from error
    except (OSError, HfHubHTTPError) as error:
        raise NotInstalled(_how_to_bring(name, error)) from error


def _how_to_bring(name: str, error: Exception) -> str:
    folder = name.rpartition("/")[2]
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return (
        f"the weights of {name} are not on this machine and cannot be fetched ({reason}); "
        f"where there is a network run `hf download {name} --local-dir {folder}`, "
        f"copy the folder {folder} here, and give --model {folder}"
    )
