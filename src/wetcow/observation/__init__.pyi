"""The public names of wetcow.observation."""

from .at_rest import resting_bold as resting_bold
from .balloon import Balloon as Balloon, balloon as balloon
from .bold import bold as bold
from .volumes import Bold as Bold
