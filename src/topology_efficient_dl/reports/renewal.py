"""Published reports in today's words: their headline and verdicts are written again from the numbers beside them.

A published document is never changed. Verdicts from before they had their terms and conditions as fields are completed
from what the document holds: the criterion that it states, the estimates of each verdict, and the order of comparisons,
the primary one first. What is completed must come to the published status, or nothing is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.answers import ALL, explain
from topology_efficient_dl.evaluation.bootstrap import Estimate
from topology_efficient_dl.evaluation.criteria import (
    METRICS,
    Condition,
    Criterion,
    Route,
)
from topology_efficient_dl.reports.forecast import finding_lines, render_forecast_verdicts
from topology_efficient_dl.reports.report import ReportContext, render_verdicts
from topology_efficient_dl.reports.words import LATENCY_NOTE

Document = Mapping[str, Any]
Verdict = dict[str, Any]

BY_MEDIANS = "from published medians, no interval of timing rounds"
"""How latency with preprocessing was had where a document has no verdict on it."""

MEDIANS_NOTE = "A published median that fails its bound counts as failed; one that meets it confirms nothing."

RENEWED = (
    "*This section and the verdicts below were worded again by `kedro renew` from `{name}`; the numbers are its own.*"
)

_JUDGED_ALONE = ("track_b", "compress_b", "forecast_c")
"""Tracks whose documents without fields judged the latency of the network alone."""

_CONDITION = re.compile(
    r"(?P<noun>.+?) "
    r"(?:(?P<verb>rise|fall)s? by at (?P<end>least|most) (?P<bound>[\d.]+) (?P<unit>pp|%)|is no (?:lower|higher))"
)
_MEASURES = {"latency": "latency_cut", "parameters": "params_cut", "peak memory": "memory_cut", "RMSE": "rmse_rise"}
_ROUTES = ("cheaper at equal quality", "better at equal time")


def renew(folder: Path) -> list[Path]:
    """Write headline and verdicts of every published report again; the reports that changed.

    A report is ``<track>/report.md`` beside ``<track>.json``. Doing it twice changes nothing.

    Parameters
    ----------
    folder : as a rule docs/results

    Raises
    ------
    DataError : there is no published report; a document's verdicts do not follow from its numbers
    """
    pairs = [(path, path.with_suffix("") / "report.md") for path in sorted(folder.rglob("*.json"))]
    pairs = [(document, report) for document, report in pairs if report.is_file()]
    if not pairs:
        raise DataError(f"no published report in {folder}; expected <track>.json with <track>/report.md beside it")
    changed = []
    for document, report in pairs:
        old = report.read_text(encoding="utf-8")
        new = renewed(old, json.loads(document.read_text(encoding="utf-8")), document.name)
        if new != old:
            report.write_text(new, encoding="utf-8")
            changed.append(report)
    return changed


def renewed(report: str, document: Document, name: str) -> str:
    """A report with headline and verdicts as they follow from its document.

    Parameters
    ----------
    report : Markdown
    document : what was published with it
    name : of the document's file, ``<track>.json``
    """
    verdicts = completed(document, name.removesuffix(".json"))
    said = "" if _complete(document) else RENEWED.format(name=name) + "\n\n"
    if verdicts and verdicts[0]["metric"] == "rmse":
        return _renewed_forecasts(report, document["results"], verdicts, said)
    metric = METRICS[verdicts[0]["metric"]] if verdicts else METRICS["f1_macro"]
    note = LATENCY_NOTE + (f" {MEDIANS_NOTE}" if any(each.get("latency_note") for each in verdicts) else "")
    context = ReportContext("", "", "", document["results"], verdicts, metric_name=metric, latency_note=note)
    headline, table = render_verdicts(context)
    sections = re.split(r"^(?=## )", report, flags=re.MULTILINE)
    for place, section in enumerate(sections):
        if section.startswith("## Verdict\n"):
            sections[place] = f"{headline}\n\n{said}{_from_figures(section)}"
        if section.startswith("## Verdicts by data set\n"):
            sections[place] = table + section[len(section.rstrip()) :]
    return "".join(sections)


def _from_figures(section: str) -> str:
    figures = section.find("\n![")
    return "" if figures < 0 else section[figures + 1 :]


def _renewed_forecasts(report: str, results: Sequence[Verdict], verdicts: Sequence[Verdict], said: str) -> str:
    """Findings stand between the question and the figure, verdicts before the conditions."""
    start, figure, rest = report.partition("\n![")
    question = "\n\n".join(start.split("\n\n")[:2])
    sections = re.split(r"^(?=## )", rest, flags=re.MULTILINE)
    before = [each for each in sections if not each.startswith("## Verdicts")]
    place = next(place for place, each in enumerate(before) if each.startswith("## Conditions"))
    findings = "\n".join(finding_lines(results, verdicts))
    top = "\n\n".join(part for part in (question, findings, said.strip()) if part)
    return f"{top}\n{figure}{''.join(before[:place])}{render_forecast_verdicts(verdicts)}{''.join(before[place:])}"


def completed(document: Document, track: str) -> list[Verdict]:
    """The verdicts of a document with their terms and conditions; as they are where they have them.

    Where networks were judged alone and the document has latency with preprocessing as medians, verdicts with that
    latency stand beside them, each with ``latency_note``.

    Parameters
    ----------
    document : as published
    track : its name

    Raises
    ------
    DataError : a status does not follow from the numbers
    """
    old = [dict(verdict) for verdict in document["verdicts"]]
    if not old or _complete(document):
        return old
    terms = {
        "latency_of": "model" if track in _JUDGED_ALONE else "whole",
        "metric": "rmse" if "rmse_rise" in old[0] else old[0].get("metric", "f1_macro"),
    }
    full = [_with_conditions({**verdict, **terms, **_batch_and_primacy(verdict, old[0])}) for verdict in old]
    for verdict in full:
        if verdict["dataset"] == ALL:
            own = [each for each in full if each["dataset"] != ALL and _same_terms(each, verdict)]
            verdict["n_datasets"] = len(own)
            verdict["explanation"] += _by_dataset(own)
    if terms["latency_of"] == "model" and terms["metric"] != "rmse":
        return [*full, *_with_preprocessing(full, document["results"])]
    return full


def _complete(document: Document) -> bool:
    """Whether verdicts have their terms and conditions as fields."""
    return all("conditions" in verdict for verdict in document["verdicts"])


def _batch_and_primacy(verdict: Verdict, first: Verdict) -> Verdict:
    """Of a compressed network its dense one, at the first batch size, is primary; else the first baseline."""
    dense, _, variant = verdict["model"].partition(".")
    if "rmse_rise" in verdict:
        sizes = [int(key.removeprefix("latency_cut_b")) for key in verdict if re.fullmatch(r"latency_cut_b\d+", key)]
        primary = verdict["baseline"] == dense and bool(variant)
        return {"latency_batch": sizes, "primary": primary}
    batch, first_batch = verdict.get("latency_batch", 1), first.get("latency_batch", 1)
    baseline = dense if variant else first["baseline"]
    return {"latency_batch": batch, "primary": (verdict["baseline"], batch) == (baseline, first_batch)}


def _with_conditions(verdict: Verdict, estimates: Mapping[str, Estimate] | None = None) -> Verdict:
    criterion = criterion_of_text(verdict["criterion"], verdict["rule"])
    found = estimates or _estimates(verdict, criterion)
    status, route = criterion.status(found)
    if estimates is None and (status, route.name) != (verdict["status"], verdict["rule"]):
        raise DataError(
            f"{verdict['model']} against {verdict['baseline']} on {verdict['dataset']}: published as "
            f"{verdict['status']} ({verdict['rule']}), but its numbers come to {status} ({route.name}); nothing was "
            "written to this report"
        )
    conditions = [{**each, "interval": _closed(each["interval"])} for each in criterion.judged(found)]
    full = {**verdict, "status": status, "rule": route.name, "conditions": conditions}
    return {**full, "explanation": explain(full)}


def _closed(interval: list[float] | None) -> list[float] | None:
    return interval if interval is not None and np.isfinite(interval).all() else None


def _estimates(verdict: Verdict, criterion: Criterion) -> dict[str, Estimate]:
    """Of every measure that is asked for; parameters and memory are exact."""
    found = {}
    for measure in {each.measure for route in criterion.routes for each in route.conditions}:
        value = verdict[measure]
        exact = measure in ("params_cut", "memory_cut") and value is not None
        low, high = (value, value) if exact else verdict.get(f"{_key(measure)}_interval") or (None, None)
        found[measure] = Estimate(value, low, high)
    return found


def _key(measure: str) -> str:
    return "f1_drop" if measure == "f1_drop_pp" else measure


def criterion_of_text(text: str, rule: str) -> Criterion:
    """The criterion that a published text states.

    Parameters
    ----------
    text : as of `Criterion.text`
    rule : name of the route where there is one only

    Raises
    ------
    DataError : the text is none of a criterion

    Examples
    --------
    >>> found = criterion_of_text("accuracy is no lower and latency rises by at most 5 %", "as good")
    >>> [(each.measure, each.at_least, each.bound) for each in found.routes[0].conditions]
    [('f1_drop_pp', False, 0.0), ('latency_cut', True, -0.05)]
    """
    parts = text.split("; or ")
    names = _ROUTES if len(parts) == len(_ROUTES) else (rule,) * len(parts)
    routes = [Route(name, tuple(map(_condition, part.split(" and ")))) for name, part in zip(names, parts, strict=True)]
    return Criterion(tuple(routes))


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise DataError(f"'{text}' is no condition of a criterion, such as 'latency falls by at least 30 %'")
    noun = match["noun"]
    batch = noun.removeprefix("latency at batch ")
    measure = f"latency_cut_b{batch}" if batch != noun else _MEASURES.get(noun, "f1_drop_pp")
    if match["verb"] is None:
        return Condition(measure, False, 0.0, text)
    bound = float(match["bound"]) / (100.0 if match["unit"] == "%" else 1.0)
    along = match["verb"] == ("rise" if measure == "rmse_rise" else "fall")
    return Condition(measure, (match["end"] == "least") == along, bound if along else -bound, text)


def _with_preprocessing(verdicts: Sequence[Verdict], results: Sequence[Verdict]) -> list[Verdict]:
    """The same verdicts with latency from published medians that include preprocessing.

    Quality keeps its interval. A median that fails its bound counts as failed, one that meets it confirms nothing.
    """
    medians = {(row["dataset"], row["model"]): row.get("latency_ms_b1") for row in results}
    found: list[Verdict] = []
    for verdict in verdicts:
        sets = [each["dataset"] for each in verdicts if each["dataset"] != ALL and _same_terms(each, verdict)]
        sets = sets if verdict["dataset"] == ALL else [verdict["dataset"]]
        times = [[medians.get((name, verdict[side])) for name in sets] for side in ("model", "baseline")]
        latency = _cut_of_medians(*times)
        changed = {
            **verdict, "latency_cut": latency.value, "latency_cut_interval": None, "latency_of": "whole",
            "latency_note": BY_MEDIANS, "primary": False,
        }  # fmt: skip
        estimates = _estimates(verdict, criterion_of_text(verdict["criterion"], verdict["rule"]))
        found.append(_with_conditions(changed, {**estimates, "latency_cut": latency}))
        if verdict["dataset"] == ALL:
            found[-1]["explanation"] += _by_dataset([each for each in found[:-1] if _same_terms(each, changed)])
    return found


def _cut_of_medians(ours: Sequence[float | None], theirs: Sequence[float | None]) -> Estimate:
    """One minus the geometric mean of the ratios; nothing where a median is missing."""
    pairs = [(mine, other) for mine, other in zip(ours, theirs, strict=True) if mine and other]
    if len(pairs) < len(ours):
        return Estimate(None, reason="not published")
    cut = 1.0 - float(np.exp(np.mean([np.log(mine / other) for mine, other in pairs])))
    return Estimate(cut, -np.inf, cut, "published medians")  # open below: it may refute, and never confirm


def _same_terms(one: Verdict, other: Verdict) -> bool:
    return all(one[key] == other[key] for key in ("model", "baseline", "latency_batch", "latency_of", "criterion"))


def _by_dataset(verdicts: Sequence[Verdict]) -> str:
    found = [each["status"] for each in verdicts if each["dataset"] != ALL]
    return f" By data set ({len(found)}): {', '.join(f'{found.count(each)} {each}' for each in sorted(set(found)))}."
