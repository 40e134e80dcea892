"""The classifier as a network of modes that can be integrated, for one input.

A constructed classifier is a formula: drives, two fitted codes, means, couplings. The network here
is what the formula stands for. Its state is one complex vector, in three parts:

- **hidden modes**, one for each mode, patch position and, where an image is pooled with its mirror
  image, each of the two. Each follows [11, 12] with the total excitation γ̄ and frequency ω̄ that the
  input gives it, and nothing else: hidden modes are not coupled to each other.
- **traces**, one for each hidden mode and region: running means of what the modes of the region do
  at the moment, tau · dm/dt = p − m. The real part of p is the mean of the amplitude A = |a|, the
  imaginary part that of the phase velocity Im(a* da/dt)/A², or zero where the amplitude is far
  below a small θ (times A⁴/(A⁴ + θ⁴)), as far as the class modes use them. Averaged over time these
  are the mean amplitude and the spiking frequency, which the formula has from a fit.
- **class modes**, which follow [11, 12] with an excitation γ_c·cr. The criticality cr is what the
  class modes' couplings [26, 27] make of the traces, from moment to moment.

Nothing of the fitted codes is used. In the formula the codes of a mode are those of its attractor;
here they have to be waited for, and means over a finite time fluctuate.

Time is in units of 1/ω of the hidden modes (their mean), so frequencies are near 1 and amplitudes
of order 1 whatever the scale of the inputs. Class modes have a frequency of their own in these
units, `CLASS_OMEGA`: criticality, the only thing that counts, is a ratio.
"""

from __future__ import annotations

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
    traces_of_codes,
)
from wetcow.modes.criticality import CANONICAL, critical_ratio
from wetcow.modes.mode import Mode
from wetcow.modes.system import INITIAL_AMPLITUDE, System
from wetcow.precision import in_double, is_traced

TIME_CONSTANT = 2.0
"""tau of the traces. What they leave of the oscillations, the class modes average further."""

CLASS_OMEGA = 2.0
"""Frequency of class modes: settling twice as fast, they need not be integrated longer."""

SETTLING_TIME = 50.0
"""Enough for the codes to settle and, in the second half, to be averaged.

The three were chosen on training images of MNIST and Fashion-MNIST, whose measured criticalities
are then within 0.01 to 0.02 (root mean square) of the closed form. The error falls with the inverse
square root of time, roughly; `benchmarks/agreement.py` measures what it leaves of the agreement.
"""

SILENT_BELOW = 0.01
"""θ: a mode counts as silent at amplitudes below this, and its phase as still.

Near zero excitation a mode approaches its amplitude γ̄/α, or zero, as slowly as 1/(α t): this is the
amplitude at the end of such a run. In much longer ones a smaller θ tells more modes apart.
"""


class LearnedNetwork(System):
    """Hidden modes, traces and class modes of a wave classifier for one input.

    `wetcow.learning.dynamics.build.build_network` makes it. The keywords are also the parameters by
    which `replace` changes a network and which the attributes of a run hold.

    Parameters
    ----------
    gamma, omega : float or array (n_hidden,)
        Total excitations γ̄ and frequencies ω̄ of the hidden modes, in units of `unit`.
    unit : float
        Frequency that one unit stands for, in the units of the classifier.
    banks : sequence of Bank, or int array (banks, 5)
        Sizes.
    response : {"both", "amplitude", "rate"}
        Codes that the class modes are coupled to.
    mean, spread : float arrays (features,)
        By which features are standardised.
    coupling : float array (features, classes)
        w cos δ of the class modes, in units of γ_c.
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
    unit: Any
    mean: Any
    spread: Any
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
        unit: Any,
        banks: Any,
        response: str,
        mean: Any,
        spread: Any,
        coupling: Any,
        class_gamma: Any,
        classes: Any,
        class_omega: Any = CLASS_OMEGA,
        time_constant: Any = TIME_CONSTANT,
        silent_below: Any = SILENT_BELOW,
    ):
        self.hidden = Mode(gamma, omega)
        self.unit = _array(unit)
        self.mean, self.spread = _array(mean), _array(spread)
        self.coupling, self.class_gamma = _array(coupling), _array(class_gamma)
        self.class_omega, self.time_constant = _array(class_omega), _array(time_constant)
        self.silent_below = _array(silent_below)
        self.banks = tuple(Bank(*map(int, bank)) for bank in banks)
        self.response = str(response)
        self.classes = tuple(np.asarray(classes).tolist())
        self._check()

    def _check(self) -> None:
        if self.response not in CODES:
            raise ValueError(f"response must be one of {[*CODES]}, got {self.response!r}")
        n, n_classes = self.n_hidden, len(self.classes)
        n_features = len(CODES[self.response]) * self.n_traces
        wanted = {
            "mean": (n_features,),
            "spread": (n_features,),
            "coupling": (n_features, n_classes),
            "class_gamma": (n_classes,),
            "unit": (),
            "class_omega": (),
            "time_constant": (),
            "silent_below": (),
        }
        for name, shape in wanted.items():
            if np.shape(getattr(self, name)) != shape:
                raise ValueError(
                    f"{name} must have shape {shape} for {n} hidden modes, {n_features} features "
                    f"and {n_classes} classes, got {np.shape(getattr(self, name))}"
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
        for name in ("unit", "class_omega", "time_constant", "silent_below", "spread"):
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
        return self.n_hidden + self.n_traces + np.arange(len(self.classes))

    @property
    def size(self) -> int:
        return self.n_hidden + self.n_traces + len(self.classes)

    def field(self, a: Any, past: Any = None) -> Any:
        hidden, traces, classes = self._parts(a)
        moving = self.hidden.field(hidden)
        now = pooled_now(
            hidden,
            moving,
            banks=self.banks,
            response=self.response,
            silent_below=self.silent_below,
        )
        settling = (now - traces) / self.time_constant
        return jnp.concatenate([moving, settling, self._class_modes(traces).field(classes)])

    def criticality(self, a: Any) -> Any:
        """Criticality that the traces of a state `a`, complex (n,), give the class modes."""
        return self._criticality(self._parts(a)[1])

    def rate(self) -> Any:
        """Fastest linear rate; class modes count as driven to twice their critical excitation."""
        classes = self.class_omega * (1 + 2 / critical_ratio(CANONICAL))
        return jnp.maximum(self.hidden.rate(), jnp.maximum(classes, 1 / self.time_constant))

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
            "unit": self.unit,
            "banks": np.array(self.banks),
            "response": self.response,
            "mean": self.mean,
            "spread": self.spread,
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
        """Modes at amplitude 0.1; traces where the average image of the training set has them."""
        phase: Any = 0.0
        if key is not None:
            phase = jax.random.uniform(key, (self.size,), maxval=2 * np.pi)
        a = INITIAL_AMPLITUDE * jnp.exp(1j * phase) * jnp.ones(self.size)
        return jnp.concatenate(
            [
                a[: self.n_hidden],
                traces_of_codes(
                    jnp.square(jnp.asarray(self.mean)) / self.unit, self.banks, self.response
                ),
                a[self.n_hidden + self.n_traces :],
            ]
        )

    def _parts(self, a: Any) -> tuple[Any, Any, Any]:
        first, second = self.n_hidden, self.n_hidden + self.n_traces
        return a[:first], a[first:second], a[second:]

    def _criticality(self, traces: Any) -> Any:
        means = jnp.maximum(codes_of_traces(traces, self.banks, self.response), 0) * self.unit
        return (jnp.sqrt(means) - self.mean) / self.spread @ self.coupling + self.class_gamma

    def _class_modes(self, traces: Any) -> Mode:
        critical = self.class_omega / critical_ratio(CANONICAL)
        return Mode(critical * self._criticality(traces), self.class_omega)


def _array(value: Any) -> Any:
    """Keep JAX arrays (they may be traced); everything else becomes float64 NumPy."""
    return value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.float64)
