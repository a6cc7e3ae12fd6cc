"""What came of it all: a line for each case, a summary, and docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any

from tests.reliability import matrix

Result = dict[str, Any]
HEAD = Path(__file__).with_name("reliability.md")
GUARDS = {"lease": "the lease's guard on writes", "look": "looking before a call is repeated"}
TIMES = (
    "Seconds: from the death to the operation's next sign of life. At scale 1 a lease is longer"
    " (the call's deadline, 30 s for a request, + 10 s).\n"
)


def line(result: Result) -> str:
    moved = result["moved_after"]
    after = f", moved after {moved:.1f} s" if moved is not None else ""
    head = f"{_name(result)}, {result['fault']}, {result['moment']}: {result['state']}{after}"
    if not result["violations"]:
        return f"{head}, {result['seconds']:.1f} s"
    wrong = "\n".join(f"  VIOLATION {each}" for each in result["violations"])
    return f"{head}\n{wrong}\n{result['story']}"


def summary(results: list[Result], *, of: int, seconds: float) -> str:
    count = f"{len(results)}" if len(results) == of else f"{len(results)} of {of}"
    return f"{count} runs in {seconds / 60:.0f} min, {_told(results)}"


def _told(results: list[Result]) -> str:
    violated = sum(bool(result["violations"]) for result in results)
    states = Counter(result["state"].replace("_", " ") for result in results)
    ended = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return f"{violated} with violations ({ended})"


def put_onto(earlier: list[Result], later: list[Result]) -> tuple[list[Result], str]:
    """Return the earlier results with the later ones in their places, and what there is."""
    kept = {case_name(result): result for result in earlier}
    kept |= {case_name(result): result for result in later}
    results = list(kept.values())
    told = f"{len(results)} runs, {_told(results)}"
    return results, f"{told}; {len(later)} of them were run again, after a mend"


def page(
    results: list[Result],
    told: str,
    *,
    controls: dict[str, list[Result]],
    at: datetime,
    scale: float,
) -> str:
    moments = {"before": matrix.BEFORE, "done": matrix.DONE, "answered": matrix.ANSWERED}
    parts = [
        HEAD.read_text().format(at=at, summary=told, scale=scale, **moments),
        "## By fault and moment\n",
        TIMES,
        _by_fault(results),
        "## By step and fault\n",
        "Number of runs, one for each moment; with violations their number behind a `!`.\n",
        *_by_step(results),
        *(_control(guard, found) for guard, found in controls.items()),
    ]
    return "\n".join(parts)


def _control(guard: str, results: list[Result]) -> str:
    """Say what the matrix finds when one of the engine's guards is taken out."""
    violated = [result for result in results if result["violations"]]
    rows = [
        (_name(each), each["fault"], each["moment"], "; ".join(each["violations"]))
        for _, found in _grouped(violated, _name)
        for each in found
    ]
    return (
        f"## The control: without {GUARDS[guard]}\n\n"
        f"Every step once: {len(results)} runs, {len(violated)} with violations.\n\n"
        f"{_table(('step (call)', 'fault', 'moment', 'violations'), rows)}"
    )


def _by_fault(results: list[Result]) -> str:
    head = ("fault", "moment", "runs", "to a person", "violations", "mean, s", "worst, s")
    rows = [
        (fault, moment, *_figures(found))
        for (fault, moment), found in _grouped(results, lambda r: (r["fault"], r["moment"]))
    ]
    return _table(head, rows)


def _figures(results: list[Result]) -> tuple[str, ...]:
    person = sum(result["state"] == "needs_attention" for result in results)
    wrong = sum(bool(result["violations"]) for result in results)
    moved = [result["moved_after"] for result in results if result["moved_after"] is not None]
    times = (f"{mean(moved):.1f}", f"{max(moved):.1f}") if moved else ("", "")
    return (str(len(results)), str(person), str(wrong), *times)


def _by_step(results: list[Result]) -> Iterable[str]:
    for title, faults in (
        ("Deaths", matrix.DEATHS),
        ("The CLI, and doubt", (*matrix.CLI_DEATHS, *matrix.DOUBTS, *matrix.LATE_SIGHTS)),
    ):
        rows = []
        for name, found in _grouped(results, _name):
            cells = [_cell([each for each in found if each["fault"] == fault]) for fault in faults]
            rows.append((name, *cells))
        yield f"### {title}\n"
        yield _table(("step (call)", *faults), [row for row in rows if any(row[1:])])


def _cell(results: list[Result]) -> str:
    wrong = sum(bool(result["violations"]) for result in results)
    return f"{len(results) or ''}{f' !{wrong}' if wrong else ''}"


def _name(result: Result) -> str:
    return f"{result['scenario']}: {result['step']} ({result['call']})"


def _grouped(results: list[Result], key: Callable[[Result], Any]) -> list[tuple[Any, list[Result]]]:
    """Group in the order of the matrix, whatever the order in which the runs ended."""
    order = {str(case): place for place, case in enumerate(matrix.whole())}
    groups: dict[Any, list[Result]] = {}
    for result in sorted(results, key=lambda each: order[case_name(each)]):
        groups.setdefault(key(result), []).append(result)
    return list(groups.items())


def case_name(result: Result) -> str:
    return f"{_name(result)}, {result['fault']}, {result['moment']}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(list(head)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
