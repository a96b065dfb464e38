"""What does a route cost, and how long do many rules take to load?

`python -m benchmarks.overrides` from the root of a checkout. Each figure is the
best of five runs; a cold one is the first question about a host, a warm one a question
that was asked before.
"""

from __future__ import annotations

import platform
import time
import timeit
from collections.abc import Callable
from functools import partial

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides

RUNS = 5


def main() -> None:
    """Print the figures, with what they may cost."""
    print(f"Python {platform.python_version()} on {platform.machine()}")
    exact = Overrides.from_mapping(
        {f"db-{i}.kurrent.test": f"10.0.0.{i % 250}" for i in range(1000)}
    )
    hosts = [Endpoint(f"db-{i}.kurrent.test", 2113) for i in range(1000)]
    show("exact hit among 1,000 rules, warm", each(exact.route, hosts), 2)
    show("exact hit among 1,000 rules, cold", each(cold(exact), hosts), 2)
    show("exact hit among 1,000 rules, first question", first(exact, hosts), 2)
    regex = Overrides(
        tuple(
            Override(regex=rf"(mydb{i}-[0-9]+)\.kurrent\.test", target="{1}.svc.local")
            for i in range(50)
        )
    )
    nodes = [Endpoint(f"mydb{i}-{i}.kurrent.test", 2113) for i in range(50)]
    show("regex among 50 rules, warm", each(regex.route, nodes), 20)
    show("regex among 50 rules, cold", each(cold(regex), nodes), 20)
    show("regex among 50 rules, first question", first(regex, nodes), 20)
    imported = Overrides.from_corefile(regex.to_corefile())
    show("regex among 50 Corefile rules, cold", each(cold(imported), nodes), 20)
    hostile = Overrides((Override(regex="(a+)+$", target="b.test"),))
    for length in (50, 100, 200):
        label = ".".join(["a" * 50] * (length // 50)) + "!"
        took = each(cold(hostile), [Endpoint(label, 2113)])
        show(f"(a+)+$ on {length} characters that miss, cold", took, None)
    for name, text in (
        ("exact TOML rules", exact_toml(10_000)),
        ("regex TOML rules", regex_toml(10_000)),
        ("Corefile rules", corefile(10_000)),
    ):
        took = min(seconds(partial(Overrides.from_text, text)) for _ in range(3))
        print(f"{f'10,000 {name}: load':50} {took * 1e3:9.1f} ms   (at most 1000)")


def each(ask: Callable[[Endpoint], object], endpoints: list[Endpoint]) -> float:
    """Give the microseconds of one question."""

    def all_of_them() -> None:
        for endpoint in endpoints:
            ask(endpoint)

    loops = max(1, 20_000 // len(endpoints))
    best = min(timeit.repeat(all_of_them, number=loops, repeat=RUNS))
    return best / loops / len(endpoints) * 1e6


def cold(rules: Overrides) -> Callable[[Endpoint], object]:
    """Give a way to ask without what is remembered."""
    return rules._plan.routes  # noqa: SLF001 - the cost that remembering hides


def first(rules: Overrides, endpoints: list[Endpoint]) -> float:
    """Give the microseconds of the first question to fresh rules, on average."""

    def once() -> float:
        fresh = Overrides(rules.rules)
        fresh.route(Endpoint("unknown.test"))  # what is built when first needed
        return seconds(lambda: [fresh.route(endpoint) for endpoint in endpoints])

    return min(once() for _ in range(RUNS)) / len(endpoints) * 1e6


def show(name: str, microseconds: float, most: float | None) -> None:
    """Print one figure."""
    limit = "" if most is None else f"   (at most {most})"
    print(f"{name:50} {microseconds:9.2f} us{limit}")


def seconds(work: Callable[[], object]) -> float:
    """Give how long something takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def exact_toml(count: int) -> str:
    """Write a file of exact rules."""
    return "\n".join(
        f'[[override]]\nexact = "db-{i}.kurrent.test"\ntarget = "10.0.0.1:2113"'
        for i in range(count)
    )


def regex_toml(count: int) -> str:
    """Write a file of regex rules."""
    return "\n".join(
        f"[[override]]\nregex = '(db{i}-[0-9]+)\\.kurrent\\.test'\n"
        f'target = "{{1}}.svc.cluster.local"'
        for i in range(count)
    )


def corefile(count: int) -> str:
    """Write a Corefile of suffix rules."""
    return "\n".join(
        f"rewrite stop name suffix .ns{i}.test .ns{i}.svc.cluster.local answer auto"
        for i in range(count)
    )


if __name__ == "__main__":
    main()
