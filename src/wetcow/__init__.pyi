"""The public names of wetcow, once: `lazy_loader` reads them at run time, type checkers before."""

from . import (
    config as config,
    datasets as datasets,
    images as images,
    learning as learning,
    memory as memory,
    modes as modes,
    networks as networks,
    observation as observation,
    plotting as plotting,
    reports as reports,
    simulation as simulation,
    synchrony as synchrony,
    tissue as tissue,
)
from .fit.connectivity_loss import dynamics_loss as dynamics_loss
from .fit.fitting import fit as fit
from .fit.refinement import Refined as Refined, Refinement as Refinement
from .fit.result import Fitted as Fitted
from .learning.classifier import WaveClassifier as WaveClassifier
from .learning.estimator.features import WaveFeatures as WaveFeatures
from .learning.estimator.regressor import WaveRegressor as WaveRegressor
from .learning.estimator.series import SeriesFeatures as SeriesFeatures
from .memory import interference as interference, memorize as memorize
from .modes.criticality import CANONICAL as CANONICAL, Constants as Constants
from .modes.equal_rate import equal_rate as equal_rate
from .modes.hamiltonian import (
    hamiltonian as hamiltonian,
    motion as motion,
    network_hamiltonian as network_hamiltonian,
)
from .modes.mode import Mode as Mode
from .modes.response import response as response
from .modes.wave_kernel import wave_kernel as wave_kernel
from .networks.baselines import (
    Kuramoto as Kuramoto,
    LeakyIntegrateAndFire as LeakyIntegrateAndFire,
    amplitude_only as amplitude_only,
    phase_only as phase_only,
)
from .networks.connectome import (
    Brains as Brains,
    Connectome as Connectome,
    ConnectomeError as ConnectomeError,
    load_brains as load_brains,
    load_connectome as load_connectome,
)
from .networks.coupling import Coupling as Coupling
from .networks.delayed import Delayed as Delayed
from .networks.dense import Dense as Dense
from .networks.network import Network as Network
from .networks.resting_state import resting as resting
from .networks.resting_statistics import Resting as Resting
from .networks.sparse import Sparse as Sparse
from .networks.structured import LowRank as LowRank, Sheet as Sheet
from .observation.at_rest import resting_bold as resting_bold
from .observation.bold import bold as bold
from .observation.export import to_mne as to_mne, to_nifti as to_nifti
from .observation.filters import (
    analytic_signal as analytic_signal,
    band_pass as band_pass,
    regress_global as regress_global,
    resample as resample,
)
from .observation.lead_fields import lead_field as lead_field
from .observation.sensors import eeg as eeg
from .observation.volumes import Bold as Bold
from .plotting import (
    animate as animate,
    plot as plot,
    plot_brain as plot_brain,
    plot_surface as plot_surface,
)
from .simulation.drive import Drive as Drive, pulse as pulse
from .simulation.files.results import load_run as load_run, save_run as save_run
from .simulation.integrate import integrate as integrate
from .simulation.reduce import Reducer as Reducer
from .simulation.simulate import SimulationError as SimulationError, simulate as simulate
from .simulation.sweep import sweep as sweep
from .synchrony import (
    amplitude_order_parameter as amplitude_order_parameter,
    order_parameter as order_parameter,
    phase_locking as phase_locking,
    spike_times as spike_times,
    spiking_frequency as spiking_frequency,
    time_to_synchrony as time_to_synchrony,
)
from .synchrony.aperiodic import fit_spectrum as fit_spectrum
from .synchrony.avalanches import (
    crackling as crackling,
    find_avalanches as find_avalanches,
    find_events as find_events,
    shuffled as shuffled,
)
from .synchrony.connectivity import (
    compare_connectivity as compare_connectivity,
    functional_connectivity as functional_connectivity,
)
from .synchrony.dynamics import (
    compare_dynamics as compare_dynamics,
    connectivity_dynamics as connectivity_dynamics,
    metastability as metastability,
)
from .synchrony.exponents import Stability as Stability
from .synchrony.graphs import graph_measures as graph_measures
from .synchrony.power_law import fit_power_law as fit_power_law
from .synchrony.spectra import power_spectrum as power_spectrum, spectrogram as spectrogram
from .synchrony.stability import stability as stability
from .synchrony.travelling import lags as lags, travelling_waves as travelling_waves
from .tissue.conductivity import Conductivity as Conductivity
from .tissue.directions import survival as survival
from .tissue.dispersion import dispersion as dispersion
from .tissue.field import Absorbing as Absorbing, simulate_field as simulate_field
from .tissue.mri import conductivity_from_dwi as conductivity_from_dwi
from .tissue.projection import (
    mode_amplitudes as mode_amplitudes,
    network_of_field as network_of_field,
    network_of_tissue as network_of_tissue,
    spatial_mode_amplitudes as spatial_mode_amplitudes,
)
from .tissue.rays import trace_rays as trace_rays
from .version import __version__ as __version__

__all__: list[str]
