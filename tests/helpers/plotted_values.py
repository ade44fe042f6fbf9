"""Values that plots save, and the parts that they are made of."""

from stamps.legacy.ps_deramp import ps_deramp
from stamps.legacy.ps_plot import ps_plot


class Parts:
    """The quantities of a project, read straight from its files."""

    def __init__(self, ws, pairs=False):
        self.ws, self.ps, sb = ws, ws.load("ps2"), "_sb" if pairs else ""
        self.m = self.ps["master_ix"]
        self.U = ws.load(f"phuw{sb}2")["ph_uw"].astype(float)
        self.S = ws.load(f"scla{sb}2")["ph_scla"].astype(float)
        self.C = ws.load("scla2")["C_ps_uw"].astype(float)[:, None]
        self.N = ws.load("scn2")["ph_scn_slave"]
        self.T = ws.load(f"tca{sb}2")["ph_tropo_gacos"].astype(float)
        self.I = ws.load(f"ica{sb}2")["ph_iono_azshift"].astype(float)
        self.E = ws.load(f"tide{sb}2")["ph_tide"]

    def D(self, phase):
        return ps_deramp(self.ps, phase, workdir=self.ws)[0]

    def M0(self, phase):
        phase = phase.copy()
        phase[:, self.m] = 0
        return phase


def saved(ws, name, *arguments, **options):
    """``ph_disp`` and ``ifg_list`` that a call saves."""
    assert ps_plot(name, -1, *arguments, workdir=ws, **options).figure is None
    content = ws.load_raw(f"ps_plot_{name.lower()}")
    return content["ph_disp"], content["ifg_list"].ravel().astype(int).tolist()


def centred(phase):
    return phase - phase.mean(axis=0)
