"""The classifier as a network of modes that can be integrated, for one input.

A classifier is a formula: drives, fitted codes, means, the kernel of a continuum of random modes.
The network here is what the formula stands for, with random modes in finite number. Its state is
one complex vector, in five parts:

- **hidden modes**, one for each mode, patch position and, where an image is pooled with its mirror
  image, each of the two. Each follows [11, 12] with the total excitation γ̄ and frequency ω̄ that the
  input gives it, and nothing else: hidden modes are not coupled to each other.
- **traces**, one for each hidden mode and region: running means of what the modes of the region do
  at the moment, tau · dm/dt = p − m. The real part of p is the mean of the amplitude A = |a|, the
  imaginary part that of the phase velocity Im(a* da/dt)/A², or zero where the amplitude is far
  below a small θ (times A⁴/(A⁴ + θ⁴)), as far as random modes use them. Averaged over time these
  are the mean amplitude and the spiking frequency, which the formula has from a fit.
- **random modes**, which follow [11, 12] with an excitation w·x − θ. The unit row x is what the
  projection makes of the traces, from moment to moment.
- **random traces**, running means of the amplitudes of random modes, one each.
- **class modes**, which follow [11, 12] with an excitation γ_c·cr. The criticality cr is what the
  class modes' couplings [26, 27] make of the random traces.

A table has no hidden modes: its row drives random modes directly.

Nothing of the fitted codes is used. In the formula the codes of a mode are those of its attractor;
here they have to be waited for, and means over a finite time fluctuate.

Time is in units of 1/ω of the hidden modes (their mean), so frequencies are near 1 and amplitudes
of order 1 whatever the scale of the inputs. Random and class modes have frequencies of their own in
these units, `RANDOM_OMEGA` and `CLASS_OMEGA`: criticality, the only thing that counts, is a ratio.
"""

from __future__ import annotations

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.learning.dynamics.traces import (
    CODES,
    Bank,
    codes_of_traces,
    pooled_now,
)
from wetcow.learning.model.activation import bounded_root
from wetcow.modes.criticality import CANONICAL, critical_ratio
from wetcow.modes.mode import Mode
from wetcow.modes.system import INITIAL_AMPLITUDE, System
from wetcow.precision import in_double, is_traced

TIME_CONSTANT = 2.0
"""tau of the traces. What they leave of the oscillations, the class modes average further."""

RANDOM_OMEGA = 1.0
"""Frequency of random modes: that of hidden modes, so that neither needs shorter steps."""

CLASS_OMEGA = 2.0
"""Frequency of class modes: settling twice as fast, they need not be integrated longer."""

SETTLING_TIME = 50.0
"""Enough for the codes to settle and, in the second half, to be averaged.

The three were chosen on training images of MNIST and Fashion-MNIST, whose measured criticalities
are then within 0.01 to 0.02 (root mean square) of the closed form. The error falls with the inverse
square root of time, roughly; `benchmarks/agreement.py` measures what it leaves of the agreement.
"""

LARGEST_DRIVE = 5.0
"""Drive of random modes, in units of its spread, that steps are made for; one in 10⁶ is larger."""

SILENT_BELOW = 0.01
"""θ: a mode counts as silent at amplitudes below this, and its phase as still.

Near zero excitation a mode approaches its amplitude γ̄/α, or zero, as slowly as 1/(α t): this is the
amplitude at the end of such a run. In much longer ones a smaller θ tells more modes apart.
"""


_SMALLEST = 1e-12  # length that is divided by, so that nothing is divided by zero


class LearnedNetwork(System):
    """Hidden modes, random modes, their traces and class modes of a classifier for one input.

    `wetcow.learning.dynamics.build.build_network` makes it. The keywords are also the parameters by
    which `replace` changes a network and which the attributes of a run hold.

    Parameters
    ----------
    gamma, omega : float or array (n_hidden,)
        Total excitations γ̄ and frequencies ω̄ of the hidden modes, in units of their mean.
    banks : sequence of Bank, or int array (banks, 5)
        Sizes; none for a table.
    response : {"both", "amplitude", "rate"}
        Codes that random modes see.
    axes : float array (codes, components)
        Components of unit codes, scaled.
    origin : float array (components,)
        Mean of the unit codes along them; for a table the row of the input, negative.
    drive : float array (components, n_random)
        Couplings w of random modes to unit rows.
    threshold : float
        θ of random modes, in units of the spread of their drives.
    random_omega : float
        Their frequency in the same units.
    coupling : float array (n_random, classes)
        w cos δ of the class modes to mean amplitudes in the same units, in units of γ_c.
    class_gamma : float array (classes,)
        Their excitation without input, in units of γ_c.
    classes : sequence
        Labels.
    class_omega : float
        Frequency of the class modes.
    time_constant : float
        tau of the traces.
    silent_below : float
        θ.

    Raises
    ------
    ValueError
        For parameters that do not fit each other, or of the wrong sign.
    """

    hidden: Mode
    axes: Any
    origin: Any
    drive: Any
    threshold: Any
    random_omega: Any
    coupling: Any
    class_gamma: Any
    class_omega: Any
    time_constant: Any
    silent_below: Any
    banks: tuple[Bank, ...] = eqx.field(static=True)
    response: str = eqx.field(static=True)
    classes: tuple = eqx.field(static=True)

    def __init__(
        self,
        gamma: Any,
        omega: Any,
        *,
        banks: Any,
        response: str,
        axes: Any,
        origin: Any,
        drive: Any,
        threshold: Any,
        random_omega: Any,
        coupling: Any,
        class_gamma: Any,
        classes: Any,
        class_omega: Any = CLASS_OMEGA,
        time_constant: Any = TIME_CONSTANT,
        silent_below: Any = SILENT_BELOW,
    ):
        self.hidden = Mode(gamma, omega)
        self.banks = tuple(Bank(*map(int, bank)) for bank in banks)
        self.origin, self.drive = _array(origin), _array(drive)
        self.axes = _array(axes).reshape(-1, len(self.origin))  # files keep no empty axes
        self.threshold, self.random_omega = _array(threshold), _array(random_omega)
        self.coupling, self.class_gamma = _array(coupling), _array(class_gamma)
        self.class_omega, self.time_constant = _array(class_omega), _array(time_constant)
        self.silent_below = _array(silent_below)
        self.response = str(response)
        self.classes = tuple(np.asarray(classes).tolist())
        self._check()

    def _check(self) -> None:
        if self.response not in CODES:
            raise ValueError(f"response must be one of {[*CODES]}, got {self.response!r}")
        n, n_classes = self.n_hidden, len(self.classes)
        n_codes = len(CODES[self.response]) * self.n_traces
        components, n_random = np.shape(self.drive)
        wanted = {
            "axes": (n_codes, components),
            "origin": (components,),
            "threshold": (),
            "random_omega": (),
            "coupling": (n_random, n_classes),
            "class_gamma": (n_classes,),
            "class_omega": (),
            "time_constant": (),
            "silent_below": (),
        }
        for name, shape in wanted.items():
            if np.shape(getattr(self, name)) != shape:
                raise ValueError(
                    f"{name} must have shape {shape} for {n} hidden modes, {n_codes} codes, "
                    f"{n_random} random modes and {n_classes} classes, got "
                    f"{np.shape(getattr(self, name))}"
                )
        if self.hidden.shape not in ((), (n,)):
            raise ValueError(
                f"gamma and omega must be numbers or arrays of the {n} hidden modes, got "
                f"{self.hidden.size}"
            )
        if is_traced(*(getattr(self, name) for name in wanted)):
            return
        for name in wanted:
            if not np.all(np.isfinite(getattr(self, name))):
                raise ValueError(f"{name} must be finite")
        for name in ("random_omega", "class_omega", "time_constant", "silent_below"):
            if not np.all(np.asarray(getattr(self, name)) > 0):
                raise ValueError(f"{name} must be positive")

    @property
    def n_hidden(self) -> int:
        """Number of hidden modes."""
        return sum(bank.n_hidden for bank in self.banks)

    @property
    def n_traces(self) -> int:
        """Number of traces."""
        return sum(bank.n_traces for bank in self.banks)

    @property
    def class_indices(self) -> np.ndarray:
        """Where the class modes are in the state: what to record, ``simulate(modes=…)``."""
        return self._edges[3] + np.arange(len(self.classes))

    @property
    def n_random(self) -> int:
        """Number of random modes, and of their traces."""
        return self.drive.shape[1]

    @property
    def size(self) -> int:
        return self._edges[3] + len(self.classes)

    @property
    def _edges(self) -> list[int]:
        """Where traces, random modes, their traces and class modes begin in the state."""
        first = self.n_hidden + self.n_traces
        return [self.n_hidden, first, first + self.n_random, first + 2 * self.n_random]

    def field(self, a: Any, past: Any = None) -> Any:
        hidden, traces, random, means, classes = self._parts(a)
        moving = self.hidden.field(hidden)
        now = pooled_now(
            hidden,
            moving,
            banks=self.banks,
            response=self.response,
            silent_below=self.silent_below,
        )
        return jnp.concatenate(
            [
                moving,
                (now - traces) / self.time_constant,
                self._random_modes(traces).field(random),
                (jnp.abs(random) - means) / self.time_constant,
                self._class_modes(means).field(classes),
            ]
        )

    def direction(self, a: Any) -> Any:
        """Unit row (components,) that the traces of a state `a`, complex (n,), give."""
        return self._direction(self._parts(a)[1])

    def criticality(self, a: Any) -> Any:
        """Criticality that the random traces of a state `a`, complex (n,), give the class modes."""
        return self._criticality(self._parts(a)[3])

    def rate(self) -> Any:
        """Fastest linear rate; class modes count as driven to twice their critical excitation."""
        classes = self.class_omega * (1 + 2 / critical_ratio(CANONICAL))
        largest = LARGEST_DRIVE + jnp.abs(self.threshold)
        random = RANDOM_OMEGA * (1 + largest / self.random_omega)
        own = jnp.maximum(jnp.maximum(classes, random), 1 / self.time_constant)
        return jnp.maximum(self.hidden.rate(), own) if self.n_hidden else own

    @property
    def step(self) -> float:
        """Longest fixed step for ``simulate(dt=…)``.

        Adaptive steps control the error of a hundred thousand modes together. With loose tolerances
        they let it grow in a few, and the fastest mode never falls below the absolute one.
        """
        return 0.99 / float(in_double(lambda network: network.rate())(self))

    def parameters(self) -> dict[str, Any]:
        return {
            "gamma": self.hidden.gamma,
            "omega": self.hidden.omega,
            "banks": np.array(self.banks),
            "response": self.response,
            "axes": self.axes,
            "origin": self.origin,
            "drive": self.drive,
            "threshold": self.threshold,
            "random_omega": self.random_omega,
            "coupling": self.coupling,
            "class_gamma": self.class_gamma,
            "classes": np.array(self.classes),
            "class_omega": self.class_omega,
            "time_constant": self.time_constant,
            "silent_below": self.silent_below,
        }

    def replace(self, **parameters: Any) -> LearnedNetwork:
        """Return a copy with some parameters changed; accepts the names of the constructor."""
        known = self.parameters()
        unknown = set(parameters) - set(known)
        if unknown:
            raise ValueError(f"a LearnedNetwork has no parameter {sorted(unknown)}; {[*known]}")
        known.update(parameters)
        return LearnedNetwork(**known)

    def initial(self, key: Any = None) -> Any:
        """Modes at amplitude 0.1, traces at zero."""
        phase: Any = 0.0
        if key is not None:
            phase = jax.random.uniform(key, (self.size,), maxval=2 * np.pi)
        a = INITIAL_AMPLITUDE * jnp.exp(1j * phase) * jnp.ones(self.size)
        hidden, traces, random, means, classes = self._parts(a)
        return jnp.concatenate([hidden, 0 * traces, random, 0 * means, classes])

    def _parts(self, a: Any) -> list[Any]:
        edges = [0, *self._edges, self.size]
        return [a[low:high] for low, high in itertools.pairwise(edges)]

    def _direction(self, traces: Any) -> Any:
        codes = bounded_root(codes_of_traces(traces, self.banks, self.response))
        along = codes @ self.axes / jnp.maximum(_length(codes), _SMALLEST) - self.origin
        return along / jnp.maximum(_length(along), _SMALLEST)

    def _random_modes(self, traces: Any) -> Mode:
        drive = self._direction(traces) @ self.drive - self.threshold
        return Mode(RANDOM_OMEGA / self.random_omega * drive, RANDOM_OMEGA)

    def _criticality(self, means: Any) -> Any:
        amplitude = means.real * (self.random_omega / RANDOM_OMEGA)
        return amplitude @ self.coupling + self.class_gamma

    def _class_modes(self, means: Any) -> Mode:
        critical = self.class_omega / critical_ratio(CANONICAL)
        return Mode(critical * self._criticality(means), self.class_omega)


def _length(vector: Any) -> Any:
    return jnp.sqrt(jnp.sum(vector**2))


def _array(value: Any) -> Any:
    """Keep JAX arrays (they may be traced); everything else becomes float64 NumPy."""
    return value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.float64)
