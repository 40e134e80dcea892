"""What is installed here, beside what wetcow requires and can use: nothing of it is imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGE = "wetcow"


class Found(NamedTuple):
    """One distribution that is asked for, and what is here of it.

    Attributes
    ----------
    name : str
        Of the distribution.
    wanted : str
        Versions that will do; empty for any.
    version : str or None
        Of the one installed; None if there is none.
    good : bool
        Whether that will do.
    """

    name: str
    wanted: str
    version: str | None
    good: bool


def required(package: str = PACKAGE) -> list[Found]:
    """What a package cannot do without.

    Parameters
    ----------
    package : str
        Name of an installed distribution.

    Returns
    -------
    list of Found

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If the package itself is not installed but, for instance, run from its source tree.

    Examples
    --------
    >>> needed = {found.name: found for found in required()}
    >>> needed["jax"].good, "nibabel" in needed
    (True, False)
    """
    return [_look(one) for one in _requirements(package, ())]


def extras(package: str = PACKAGE) -> dict[str, list[Found]]:
    """What each extra of a package adds, by the name of the extra; parameters as in `required`.

    An extra that asks for extras, of others or of the package itself, has what those add. What is
    required in any case is not named again.

    Examples
    --------
    >>> sorted(found.name for found in extras()["mri"])
    ['dipy', 'nibabel']
    """
    names = metadata.metadata(package).get_all("Provides-Extra") or []
    always = {canonicalize_name(one.name) for one in _requirements(package, ())}
    return {
        name: [
            _look(one)
            for one in _flat(package, (name,), {package})
            if canonicalize_name(one.name) not in always
        ]
        for name in names
    }


def install_command(extra: str, package: str = PACKAGE) -> str:
    """Command that installs an extra.

    Examples
    --------
    >>> install_command("mri")
    'pip install "wetcow[mri]"'
    """
    return f'pip install "{package}[{extra}]"'


def import_names(names: Iterable[str]) -> dict[str, str]:
    """Return the module by which each installed distribution is imported, where one is known.

    Examples
    --------
    >>> import_names(["scikit-learn", "pillow", "not-there"])
    {'scikit-learn': 'sklearn', 'pillow': 'PIL'}
    """
    modules: dict[str, list[str]] = {}
    for module, distributions in metadata.packages_distributions().items():
        for distribution in distributions:
            modules.setdefault(canonicalize_name(distribution), []).append(module)
    found = {}
    for name in names:
        own = canonicalize_name(name)
        public = sorted(one for one in modules.get(own, []) if not one.startswith("_"))
        if public:
            # Of several the one of the same name: others are its tests or tools.
            same = [one for one in public if canonicalize_name(one) == own]
            found[name] = (same or public)[0]
    return found


def _requirements(package: str, wanted: Iterable[str]) -> Iterator[Requirement]:
    """Requirements of a package, or of some of its extras alone, that apply on this machine."""
    for text in metadata.requires(package) or []:
        one = Requirement(text)
        always = one.marker is None or one.marker.evaluate({"extra": ""})
        if wanted and not always:
            assert one.marker is not None
            if any(one.marker.evaluate({"extra": extra}) for extra in wanted):
                yield one
        elif always and not wanted:
            yield one


def _flat(package: str, wanted: Iterable[str], seen: set[str]) -> Iterator[Requirement]:
    """Requirements of extras, with those of the extras that they ask for in place of these."""
    for one in _requirements(package, wanted):
        own = canonicalize_name(one.name) == canonicalize_name(package)
        if not own:
            yield one
        if one.extras and (own or one.name not in seen) and _version(one.name) is not None:
            yield from _flat(one.name, sorted(one.extras), {*seen, one.name})


def _look(one: Requirement) -> Found:
    version = _version(one.name)
    good = version is not None and one.specifier.contains(version, prereleases=True)
    return Found(name=one.name, wanted=str(one.specifier), version=version, good=good)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
