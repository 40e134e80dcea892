"""The public names of wetcow.networks."""

from . import (
    baselines as baselines,
    connectome as connectome,
    coupling as coupling,
    delayed as delayed,
    delayed_links as delayed_links,
    dense as dense,
    gather as gather,
    lag_products as lag_products,
    links as links,
    lyapunov as lyapunov,
    network as network,
    noise as noise,
    resting_delays as resting_delays,
    resting_state as resting_state,
    resting_statistics as resting_statistics,
    sparse as sparse,
    structured as structured,
)
from .baselines import (
    Kuramoto as Kuramoto,
    LeakyIntegrateAndFire as LeakyIntegrateAndFire,
    amplitude_only as amplitude_only,
    phase_only as phase_only,
)
from .connectome import (
    Brains as Brains,
    Connectome as Connectome,
    ConnectomeError as ConnectomeError,
    load_brains as load_brains,
    load_connectome as load_connectome,
)
from .coupling import Coupling as Coupling
from .delayed import Delayed as Delayed
from .dense import Dense as Dense
from .network import (
    Coupled as Coupled,
    Network as Network,
)
from .resting_state import resting as resting
from .resting_statistics import Resting as Resting
from .sparse import Sparse as Sparse
from .structured import (
    LowRank as LowRank,
    Sheet as Sheet,
)
