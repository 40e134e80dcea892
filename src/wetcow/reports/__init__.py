"""The paper beside ours: its figures, and its claims with verdicts, on one page.

`experiments` integrates, `figures` draws, and `paper` puts both on a `page` with claims that follow
from the numbers by rule. Claims beyond the figures are sections of their own in `claims`, measured
(`metrics`) beside other methods (`peers`) and on images made for the purpose (`images`). What a
section finds is `evidence`, plain data, which `cache` keeps in files together with the program
that found it. `reproduce` and `demo` run it all: ``wetcow reproduce``, ``wetcow demo``.

Modules are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
