"""Publishing the comparison as a report in Weights & Biases, beside the runs that it compares.

Import it where a report is published: it loads wandb and wandb-workspaces.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import wandb
import wandb.errors
import wandb_workspaces.reports.v2.interface as wr
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import CellResult
from runners.reporting.document import Document
from runners.reporting.numbers import counted
from runners.reporting.results import Experiment
from runners.reporting.wandb_panels import Place, build, experiment_cells
from runners.tracking.offline_runs import offline_runs, upload_command
from runners.tracking.tracker import TrackingSettings
from vits.common.errors import InputError

RUNS_A_REQUEST = 500  # of which is asked whether they are there; the client asks for 50 by default


def publish(analysis: Analysis, page: Document) -> str:
    """Save the comparison as a report beside the experiment's runs, and return its address.

    It opens with the words of the page. A report that was published for the same experiment before is written anew,
    at the same address.

    Raises:
        InputError: there is no login, Weights & Biases can't be reached or refuses, or runs have to be uploaded
            first; the message says what to type.
    """
    experiment = analysis.experiment
    os.environ.setdefault("WANDB_SILENT", "true")
    with _told_in_one_line():
        _require_login(experiment)
        api = wandb.Api()
        place = _place(experiment, api)
        missing = _missing(experiment, api, place)
        report = build(analysis, page, place, missing)
        report.id = _earlier(api, place, report)
        report.save()
        return report.url


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """What wandb raises where its servers can't be reached or refuse, as bad input."""
    try:
        yield
    except (wandb.errors.Error, WandbApiFailedError) as error:
        said = " ".join(str(error).split())
        raise InputError(
            f"Weights & Biases took no report ({said}); look at the network and at wandb login --relogin. "
            "The local report is not affected"
        ) from error


def _require_login(experiment: Experiment) -> None:
    """Make sure that there are credentials, and that the server takes them."""
    mode = os.environ.get("WANDB_MODE", "online")
    if mode != "online":
        raise InputError(
            f"publishing to Weights & Biases needs its servers, and WANDB_MODE={mode} keeps away from them; "
            f"unset it, then {_upload(experiment)}. The local report is not affected"
        )
    if not wandb.login(prompt=False):
        raise InputError(
            "publishing to Weights & Biases needs a login, and there is none; type: wandb login, "
            f"then {_upload(experiment)}. The local report is not affected"
        )


def _upload(experiment: Experiment) -> str:
    """What to do next: upload the runs that were logged offline, if there are any."""
    if not any(_was_offline(cell) for cell in experiment_cells(experiment)):
        return "make the report again"
    return f"type: {upload_command(experiment.folder)}"


def _was_offline(cell: CellResult) -> bool:
    return bool(offline_runs(cell.folder))


def _place(experiment: Experiment, api: wandb.Api) -> Place:
    """Where the cells were told to log to."""
    default = TrackingSettings()
    asked = [cell.settings.get("wandb", {}) for cell in experiment_cells(experiment)]
    places = {(each.get("entity"), each.get("project", default.project)) for each in asked}
    if len(places) > 1:
        named = " and ".join(sorted(f"{entity or 'your own account'}/{project}" for entity, project in places))
        raise InputError(
            f"the cells of {experiment.folder} were logged to several projects of Weights & Biases ({named}), and a "
            "report belongs to one; run them with one wandb.entity and wandb.project"
        )
    ((entity, project),) = places
    return Place(entity or os.environ.get("WANDB_ENTITY") or api.default_entity or "", project)


def _missing(experiment: Experiment, api: wandb.Api, place: Place) -> list[CellResult]:
    """The cells whose runs are not in the project and can't be uploaded any more.

    Raises:
        InputError: runs only have to be uploaded, or not one is there.
    """
    cells = experiment_cells(experiment)
    there = _runs_there(api, place, [cell.record["identity"] for cell in cells])
    missing = [cell for cell in cells if cell.record["identity"] not in there]
    waiting = [cell for cell in missing if _was_offline(cell)]
    if waiting:
        raise InputError(
            f"{len(waiting)} of {counted(len(cells), 'run')} were logged offline and are not in {place.path} yet; "
            f"{_upload(experiment)}, then make the report again. The local report is not affected"
        )
    if len(missing) == len(cells):
        raise InputError(
            f"no run of {experiment.folder} is in {place.path}, and none was logged offline; cells that are run with "
            "wandb.mode=disabled can't be published. The local report is not affected"
        )
    return missing


def _runs_there(api: wandb.Api, place: Place, ids: Sequence[str]) -> set[str]:
    """Those of the runs that the project has."""
    try:
        return {run.id for run in api.runs(place.path, filters={"name": {"$in": list(ids)}}, per_page=RUNS_A_REQUEST)}
    except ValueError:  # how the client says that there is no such project
        return set()


def _earlier(api: wandb.Api, place: Place, report: wr.Report) -> str:
    """The id of the report that was published for this experiment before; empty if there is none."""
    marks = (report.title, report.description)
    found = [each.id for each in api.reports(place.path) if (each.display_name, each.description) == marks]
    return found[0] if found else ""
